"""Compile the kernels of the fit, two at a time, so that no job waits for the compiler; make setup runs it."""

from concurrent.futures import ProcessPoolExecutor

from lateralis.model.numerics import choose_numerics


def main():
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(compile_part, range(3)))
    print(f"The fit runs on: {choose_numerics().name}.")


def compile_part(number):
    try:
        from lateralis.model.engine.inference import EngineInference

        EngineInference.parts[number](EngineInference())
    except Exception as error:  # choose_numerics says it in full, and what runs in its place
        print(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
