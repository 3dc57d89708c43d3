"""Data and labels looked after between builds: the catalogue, differences, repairs, the label book, suspects."""
