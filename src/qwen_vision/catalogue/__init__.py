"""The catalogue: what each model of the dialect may do, as data."""
