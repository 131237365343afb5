"""Compile the kernels of the fit, two at a time, so that no job waits for the compiler; make setup runs it."""

from concurrent.futures import ProcessPoolExecutor

from lateralis.model.numerics import choose_numerics


def main():
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(compile_part, range(4)))
    print(f"The fit runs on: {choose_numerics().name}.")


def compile_part(number):
    try:
        from lateralis.model.engine.inference import EngineInference

        if number < len(EngineInference.parts):
            EngineInference.parts[number](EngineInference())
        else:
            compile_elastic_net()
    except Exception as error:  # choose_numerics says it in full, and what runs in its place
        print(f"{type(error).__name__}: {error}")


def compile_elastic_net():
    import numpy as np

    from lateralis.model.engine.elastic_net import fit_path

    half = np.full(2, 0.5)
    fit_path(np.array([[-1.0, 1.0]]), np.array([0.0, 1.0]), half, half, 0.5, 0, 0.1, 1e-5)


if __name__ == "__main__":
    main()
