# what: Tcl lists, dictionaries, strings, regular expressions, coroutines and a second interpreter; printed
# needs: tclsh
# counts: tclsh
cat > program.tcl << 'END'
set words {}
for {set i 0} {$i < 20000} {incr i} { dict incr words "w[expr {$i * 7919 % 1009}]"; lappend list [string repeat x [expr {$i % 40}]]$i }
puts "[dict size $words] [lrange [lsort -stride 2 $words] 0 7]"
puts [string length [join [lsort -dictionary -decreasing $list] ,]]
set text [join $list " "]
puts "[regexp -all {x+(\d)\1} $text] [string length [regsub -all {(\d)(\d)} $text {\2\1\1}]]"
proc counter {} { yield; for {set i 0} {1} {incr i} { yield [expr {$i * $i}] } }
coroutine next counter
for {set i 0} {$i < 1000} {incr i} { set last [next] }
puts $last
set child [interp create]
puts [$child eval { set s {}; for {set i 0} {$i < 5000} {incr i} { append s $i }; string length $s }]
interp delete $child
puts [expr {2 ** 500}]
END
tclsh program.tcl
