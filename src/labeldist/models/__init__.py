"""Language models behind one seam: embedded, transformers, scripted; one file each, loaded lazily. Floor 1."""
