# what: PHP arrays, strings, JSON, sorting, generators and regular expressions, with its own allocator and with USE_ZEND_ALLOC=0; printed
# needs: php
# counts: php
cat > program.php << 'END'
<?php
$count = [];
for ($i = 0; $i < 40000; $i++) { $w = 'w' . ($i * 7919 % 1009); $count[$w] = ($count[$w] ?? 0) + 1; }
ksort($count); echo count($count), ' ', array_key_first($count), ' ', md5(json_encode($count)), "\n";
$objects = array_map(fn($i) => ['i' => $i, 's' => str_repeat('x', $i % 40)], range(1, 8000));
echo json_encode(json_decode(json_encode($objects), true)) === json_encode($objects) ? 'same' : 'differs', "\n";
usort($objects, fn($a, $b) => $b['s'] <=> $a['s'] ?: $a['i'] <=> $b['i']); echo $objects[0]['i'], ' ', $objects[7999]['i'], "\n";
function squares($n) { for ($i = 0; $i < $n; $i++) yield $i => $i * $i; }
$sum = 0; foreach (squares(20000) as $k => $v) $sum += $v - $k; echo $sum, "\n";
$s = ''; for ($i = 0; $i < 50000; $i++) $s .= $i % 10; echo strlen(preg_replace('/(1)(2)/', '$2', $s)), ' ', md5(gzcompress($s)), "\n";
END
php -n program.php
USE_ZEND_ALLOC=0 php -n program.php
