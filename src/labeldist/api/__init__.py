"""The verbs behind ``import labeldist``: files and data frames in, results that show themselves out."""
