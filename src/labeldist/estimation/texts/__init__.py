"""Evidence from the items' own texts: learnt from the labels of other items, so blind to an item's own."""
