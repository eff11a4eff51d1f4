"""How names of the region are written and how they sound: for the patient index and for the directory."""
