# what: Perl hashes, regular expressions, sort, sprintf, closures, fork with pipes and string growth; printed
# needs: perl
# counts: perl
# quick
export PERL_HASH_SEED=0
cat > program.pl << 'END'
use strict; use warnings;
use Digest::SHA 'sha256_hex'; use List::Util qw(sum shuffle); use Storable qw(dclone freeze thaw);
my %count;
for my $i (0 .. 60000) { my $w = 'w' . ($i * 7919 % 1009); $count{$w}++; $count{length $w} .= $i % 10; }
print join(' ', map { "$_=" . substr($count{$_}, 0, 20) } (sort keys %count)[0 .. 9]), "\n";
my $text = join ' ', map { sprintf '%05d', $_ * 31 % 99991 } 1 .. 30000;
my $n = () = $text =~ /(\d)\1(\d)/g;
(my $other = $text) =~ s/(\d{2})(\d)/$2$1/g;
print "$n ", sha256_hex($other), "\n";
my $copy = thaw freeze dclone { list => [map { { n => $_, s => 'x' x ($_ % 30) } } 1 .. 5000] };
print sum(map { $_->{n} + length $_->{s} } @{ $copy->{list} }), "\n";
my @pipes;
for my $child (1 .. 4) {
  pipe my $in, my $out; 
  if (!fork) { close $in; my %h = map { $_ => "$child$_" } 1 .. 5000; print $out sha256_hex(join ',', map { $h{$_} } sort keys %h), "\n"; close $out; exit 0; }
  close $out; push @pipes, $in;
}
print scalar readline $_ for @pipes;
1 while wait > 0;
my $grown = ''; $grown .= chr(65 + $_ % 26) for 1 .. 200000; print sha256_hex($grown), "\n";
END
perl program.pl
