"""What the directory shows to everybody, as its pages say it: entries, opening times, maps, vCards."""
