"""Seconds to import what a fit needs and to load its kernels; to compile them when `LATERALIS_CACHE` names an empty folder."""

from stopwatch import Stopwatch


def main():
    watch = Stopwatch()
    watch.lap("python")

    import lateralis.model.fit  # noqa: F401, its import is what is timed
    from lateralis.model.numerics import choose_numerics

    watch.lap("import")
    numerics = choose_numerics(1)
    watch.lap("load")
    watch.report(is_engine=type(numerics).__name__ == "EngineInference")


if __name__ == "__main__":
    main()
