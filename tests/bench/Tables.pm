# SPDX-License-Identifier: GPL-2.0
#
# Tables - what reports of measurements have in common: figures out of a CSV file, as
# tables, and beside the promises in a file of targets
package Tables;
use strict;
use warnings;
use Exporter 'import';
use List::Util 'max';

our @EXPORT = qw(read_results figure in_order counts title note cell table print_targets);

# $figure{part}{heap}{sizes}{count}{metric}, and what there is of each in order of
# appearance: $order{part}{heap|sizes|count}; and all heaps.
my (%figure, %order, %seen, %heaps);

sub lines_of {
	my ($path) = @_;
	open(my $file, '<', $path) or die "report: $path: $!\n";
	my @lines = <$file>;
	chomp @lines;
	return @lines;
}

sub remember {
	my ($part, %what) = @_;
	for my $kind (keys %what) {
		push @{$order{$part}{$kind}}, $what{$kind} unless $seen{$part}{$kind}{$what{$kind}}++;
	}
}

sub read_results {
	for (lines_of($_[0])) {
		my ($part, $heap, $sizes, $count, $metric, $value) = split /,/;
		next if $part eq 'part';
		$heaps{$heap} = 1;
		$figure{$part}{$heap}{$sizes}{$count}{$metric} = $value;
		remember($part, heap => $heap, sizes => $sizes, count => $count);
	}
}

sub in_order { @{$order{$_[0]}{$_[1]} // []} }
sub counts { sort { $a <=> $b } in_order($_[0], 'count') }

sub figure {
	my ($part, $heap, $sizes, $count, $metric) = @_;
	my $of = $figure{$part}{$heap}{$sizes} or return;
	return $of->{$count}{$metric} unless $count =~ m{(.*)/(.*)};
	my ($above, $below) = ($of->{$1}{$metric}, $of->{$2}{$metric});
	return $above && $below ? $above / $below : undef;
}

sub title { print "\n$_[0]\n", '=' x length $_[0], "\n" }
sub note { print $_[0], $_[0] =~ /\n$/ ? '' : "\n" }
sub cell { defined $_[1] ? sprintf($_[0], $_[1]) : '-' }

# A row for each heap, a column for each count, cells by a function.
sub table {
	my ($part, $sizes, $heading, $width, $cell) = @_;
	my @counts = counts($part);
	my $names = max(11, map { length() + 1 } $heading, in_order($part, 'heap'));
	printf "\n%-${names}s" . "%${width}s" x @counts . "\n", $heading, @counts;
	for my $heap (in_order($part, 'heap')) {
		my @cells = map { $cell->($heap, $sizes, $_) } @counts;
		printf "%-${names}s" . "%${width}s" x @cells . "\n", $heap, @cells
			if grep { $_ ne '-' } @cells;
	}
}

#
# Targets: measured, promised, kept?
#

sub verdict {
	my ($value, $relation, $bound) = @_;
	return 'not measured' unless defined $value;
	my $kept = $relation eq '<' ? $value < $bound :
		$relation eq '<=' ? $value <= $bound + 1e-9 : $value >= $bound - 1e-9;
	return 'yes' if $kept;
	return sprintf 'NO, by %.1f %%', 100 * abs($value - $bound) / $bound;
}

# Engines that are not in this build are named once, at the end. %unit: words for
# metrics.
sub print_targets {
	my ($targets, %unit) = @_;
	my (%count, %absent);

	title('Targets');
	for (lines_of($targets)) {
		print "\n$1\n" if /^= (.*)/;
		next if /^[#=]|^\s*$/;
		my ($heap, $part, $sizes, $count, $metric, $relation, $bound) = split;
		$absent{$heap}++, next unless $heaps{$heap};
		my $value = figure($part, $heap, $sizes, $count, $metric);
		my $verdict = verdict($value, $relation, $bound);
		my $what = $sizes eq '-' ? $count : "$sizes, $count";
		my $median = $metric eq 'best-ratio' ? figure($part, $heap, $sizes, $count, 'ratio') : undef;
		printf "  %-10s %-20s %-32s %8s %2s %-5s %s%s\n", $heap, $what, $unit{$metric} // $metric,
			cell('%.4g', $value), $relation, $bound, $verdict,
			defined $median ? sprintf(' (median %.3g)', $median) : '';
		$count{$verdict =~ /^NO/ ? 'missed' : $verdict eq 'yes' ? 'met' : 'not measured'}++;
	}
	print "\n", join(', ', map { ($count{$_} // 0) . " $_" } 'met', 'missed', 'not measured');
	print "; not in this build: @{[sort keys %absent]}" if %absent;
	print "\n";
}

1;
