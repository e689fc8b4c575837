"""Numbers: how a measured value is written."""


def plain_text(value: float) -> str:
    """The value without an exponent and without zeros after its last place."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.10f}".rstrip("0").rstrip(".")
