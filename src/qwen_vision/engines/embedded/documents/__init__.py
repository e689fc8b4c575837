"""Documents: values, labels and fields in the text of a picture. Pure functions over facts."""
