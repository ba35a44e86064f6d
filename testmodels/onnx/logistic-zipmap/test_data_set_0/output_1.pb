
output_probability2C"setosa"
versicolor"	virginica* J
=>JÏuO?Jö)£;2C"setosa"
versicolor"	virginica* Jä‡n:JïD∞>J˝°'?2C"setosa"
versicolor"	virginica* JÈ¶4J–r‚;J;~?2C"setosa"
versicolor"	virginica* Jë<JﬁWj?JÓù=2C"setosa"
versicolor"	virginica* J/Óv?JÈ=Jíã“32C"setosa"
versicolor"	virginica* Jú¨v?J$6=JsÈ42C"setosa"
versicolor"	virginica* JÔØ9J'yé=Jp(n?2C"setosa"
versicolor"	virginica* JàæO9Jï˛ê=J1”m?2C"setosa"
versicolor"	virginica* JG¥˚:J·¯Ÿ>J¥Ö?2C"setosa"
versicolor"	virginica* J‚Åy?J¢√œ<J0*+32C"setosa"
versicolor"	virginica* J/˘<Jók?JøQ=2C"setosa"
versicolor"	virginica* Jò·6Jôb≤<J{lz?2C"setosa"
versicolor"	virginica* JÅê@;JF≠ˆ>JÃË?2C"setosa"
versicolor"	virginica* JI66JµBÍ<J«≠x?2C"setosa"
versicolor"	virginica* JhÑª=J´)g?J+„≤;2C"setosa"
versicolor"	virginica* JbÒu9J˜`7>JcR?2C"setosa"
versicolor"	virginica* J x?Jxf˝<J˜)~32C"setosa"
versicolor"	virginica* JÒ{?J‰ú<JÓÃ22C"setosa"
versicolor"	virginica* Jx?J˛¸<J¡ú42C"setosa"
versicolor"	virginica* JU«V7J› ∆<J"Œy?2C"setosa"
versicolor"	virginica* J·∫Å:JWã>Jú:?2C"setosa"
versicolor"	virginica* JÓ∫‰<J(¬h?J¿Ä=2C"setosa"
versicolor"	virginica* JÎ,x?JRb˙<J⁄≥32C"setosa"
versicolor"	virginica* Jÿy?J°ﬁ<J”∏«3