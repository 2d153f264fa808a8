//! Two lists laid beside each other, so that as much as possible of them agrees.

/// One place of two lists beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pair {
    /// In both: its numbers in the first and in the second list.
    Both(usize, usize),
    /// Only in the first.
    First(usize),
    /// Only in the second.
    Second(usize),
}

/// The most items that are laid beside each other exactly; of longer lists the rest goes in pairs.
const MOST: usize = 1_000;

/// Lays lists of `n` and `m` items beside each other by their longest common subsequence.
pub(super) fn align(n: usize, m: usize, same: impl Fn(usize, usize) -> bool) -> Vec<Pair> {
    let (short_n, short_m) = (n.min(MOST), m.min(MOST));
    let lengths = lengths(short_n, short_m, &same);
    let (mut i, mut j, mut pairs) = (0, 0, Vec::with_capacity(n.max(m)));
    while i < short_n || j < short_m {
        if i < short_n && j < short_m && same(i, j) {
            pairs.push(Pair::Both(i, j));
            (i, j) = (i + 1, j + 1);
        } else if j >= short_m || (i < short_n && lengths[i + 1][j] >= lengths[i][j + 1]) {
            pairs.push(Pair::First(i));
            i += 1;
        } else {
            pairs.push(Pair::Second(j));
            j += 1;
        }
    }
    pairs.extend((short_n..n).map(Pair::First));
    pairs.extend((short_m..m).map(Pair::Second));
    pairs
}

/// The length of the longest common subsequence of what is left from each pair of places on.
fn lengths(n: usize, m: usize, same: &impl Fn(usize, usize) -> bool) -> Vec<Vec<u32>> {
    let mut lengths = vec![vec![0_u32; m + 1]; n + 1];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            lengths[i][j] = if same(i, j) {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::{Pair, align};

    fn laid(first: &str, second: &str) -> String {
        let (a, b): (Vec<char>, Vec<char>) = (first.chars().collect(), second.chars().collect());
        align(a.len(), b.len(), |i, j| a[i] == b[j])
            .into_iter()
            .map(|pair| match pair {
                Pair::Both(i, _) => a[i].to_string(),
                Pair::First(i) => format!("-{}", a[i]),
                Pair::Second(j) => format!("+{}", b[j]),
            })
            .collect()
    }

    #[test]
    fn what_two_lists_share_stays_in_its_order() {
        assert_eq!(laid("abc", "abc"), "abc");
        assert_eq!(laid("abc", "ac"), "a-bc");
        assert_eq!(laid("ac", "abc"), "a+bc");
        assert_eq!(laid("ab", "ba"), "-ab+a");
        assert_eq!(laid("", "xy"), "+x+y");
    }
}
