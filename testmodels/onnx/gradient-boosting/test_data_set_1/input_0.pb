
BfeaturesJ(®GMAЧЈІA…ЄBљ™ыC‰ТЮ=µ78>h‘->fѓЊ=,eY>ЪЏ”=