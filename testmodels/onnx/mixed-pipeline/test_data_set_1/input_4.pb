2
overweightBweight