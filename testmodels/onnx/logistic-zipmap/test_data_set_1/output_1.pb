
output_probability2C"setosa"
versicolor"	virginica* J r?Jdí^=J7Ø5