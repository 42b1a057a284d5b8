"""How alike the explanations of an item are: lexically, syntactically, semantically (Giulianelli et al. 2023)."""
