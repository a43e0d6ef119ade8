//! Which `[target.…]` tables of a manifest count: those that hold for a chain's target or for a developer's machine.
//!
//! Contracts are built for wasm or SBF but dependencies are often fetched for the machine that runs the tests, so a
//! table that holds for either is followed. Taking more is sound: more code is seen, nothing is hidden.

/// What `cfg(…)` may ask about one target.
struct Target {
    triple: &'static str,
    names: &'static [&'static str],
    values: &'static [(&'static str, &'static str)],
}

const TARGETS: &[Target] = &[
    Target {
        triple: "wasm32-unknown-unknown",
        names: &[],
        values: &[
            ("target_arch", "wasm32"),
            ("target_os", "unknown"),
            ("target_family", "wasm"),
            ("target_pointer_width", "32"),
            ("target_endian", "little"),
            ("target_vendor", "unknown"),
            ("target_env", ""),
        ],
    },
    Target {
        triple: "sbf-solana-solana",
        names: &[],
        values: &[
            ("target_arch", "sbf"),
            ("target_os", "solana"),
            ("target_family", "solana"),
            ("target_pointer_width", "64"),
            ("target_endian", "little"),
            ("target_vendor", "solana"),
            ("target_env", ""),
        ],
    },
    Target {
        triple: "x86_64-unknown-linux-gnu",
        names: &["unix"],
        values: &[
            ("target_arch", "x86_64"),
            ("target_os", "linux"),
            ("target_family", "unix"),
            ("target_pointer_width", "64"),
            ("target_endian", "little"),
            ("target_vendor", "unknown"),
            ("target_env", "gnu"),
            ("target_has_atomic", "8"),
            ("target_has_atomic", "ptr"),
            ("panic", "unwind"),
        ],
    },
];

/// True when the key of a `[target.KEY.dependencies]` table may hold. Text that cannot be parsed holds.
pub(crate) fn may_hold(key: &str) -> bool {
    let key = key.trim();
    let Some(inner) = key.strip_prefix("cfg(") else {
        return TARGETS.iter().any(|target| target.triple == key);
    };
    let Some(inner) = inner.strip_suffix(')') else { return true };
    TARGETS.iter().any(|target| Parser { rest: inner, target }.all())
}

struct Parser<'a> {
    rest: &'a str,
    target: &'a Target,
}

impl<'a> Parser<'a> {
    fn all(mut self) -> bool {
        match self.predicate(0) {
            Some(holds) if self.rest.trim().is_empty() => holds,
            _ => true,
        }
    }

    fn predicate(&mut self, depth: usize) -> Option<bool> {
        if depth > 32 {
            return None;
        }
        let name = self.word()?;
        match name {
            "all" | "any" | "not" if self.eat('(') => {
                let mut parts = Vec::new();
                while !self.eat(')') {
                    parts.push(self.predicate(depth + 1)?);
                    if !self.eat(',') && !self.rest.trim_start().starts_with(')') {
                        return None;
                    }
                }
                Some(match name {
                    "all" => parts.iter().all(|&part| part),
                    "any" => parts.iter().any(|&part| part),
                    _ => !parts.first().copied()?,
                })
            }
            _ if self.eat('=') => {
                let value = self.string()?;
                Some(self.target.values.contains(&(name, value)))
            }
            "true" => Some(true),
            _ => Some(self.target.names.contains(&name)),
        }
    }

    fn word(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    fn string(&mut self) -> Option<&'a str> {
        let (value, rest) = self.rest.trim_start().strip_prefix('"')?.split_once('"')?;
        self.rest = rest;
        Some(value)
    }

    fn eat(&mut self, c: char) -> bool {
        match self.rest.trim_start().strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::may_hold;

    #[test]
    fn tables_that_count() {
        for key in [
            "cfg(unix)",
            "cfg(target_arch = \"wasm32\")",
            "cfg(not(target_arch = \"wasm32\"))",
            "cfg(any(windows, target_os = \"solana\"))",
            "cfg(all(not(target_os = \"solana\"), not(windows)))",
            "wasm32-unknown-unknown",
            "cfg(this is not valid",
        ] {
            assert!(may_hold(key), "{key}");
        }
        for key in [
            "cfg(windows)",
            "cfg(target_os = \"macos\")",
            "cfg(all(unix, windows))",
            "x86_64-pc-windows-msvc",
            "cfg(fuzzing)",
        ] {
            assert!(!may_hold(key), "{key}");
        }
    }
}
