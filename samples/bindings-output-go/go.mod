module example.com/greeting

go 1.21

require github.com/OpenFunction/functions-framework-go v0.5.0
