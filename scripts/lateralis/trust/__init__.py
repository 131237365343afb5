"""How far to trust a contrast: what chance finds, what rests on few samples, what it could not find, where contrasts agree."""
