
BprobabilitiesJ(:ˆ59%ô7;=*6ÎÍ!:÷(>¯ûl;Ð3‚8ÛtX?ûa;U}`<