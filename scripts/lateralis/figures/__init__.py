"""Static figures: frames in, a matplotlib Figure and its text alternative out."""
