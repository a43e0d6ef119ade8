//! What programs need to run natively: a store that records, and as much of the SDK's names as they use. The analyzer does
//! not see this file; it knows these names by its tables. Keys and values are numbers.
#![allow(warnings)]

pub mod cosmwasm_std {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone, PartialEq)]
    pub struct StdError(pub String);
    impl StdError {
        pub fn generic_err(text: impl Into<String>) -> Self {
            StdError(text.into())
        }
    }
    impl std::fmt::Display for StdError {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(&self.0)
        }
    }
    pub type StdResult<T> = Result<T, StdError>;

    pub trait Storage {
        fn read(&self, cell: usize, key: Vec<u64>) -> Option<u64>;
        fn write(&mut self, cell: usize, key: Vec<u64>, value: Option<u64>);
    }

    /// Kind (`g`, `s`, `r`), cell and key of each access.
    pub type Log = Vec<(char, usize, Vec<u64>)>;

    #[derive(Default)]
    pub struct Store {
        pub values: BTreeMap<(usize, Vec<u64>), u64>,
        pub log: RefCell<Log>,
    }
    impl Storage for Store {
        fn read(&self, cell: usize, key: Vec<u64>) -> Option<u64> {
            self.log.borrow_mut().push(('g', cell, key.clone()));
            self.values.get(&(cell, key)).copied()
        }
        fn write(&mut self, cell: usize, key: Vec<u64>, value: Option<u64>) {
            self.log.borrow_mut().push((if value.is_some() { 's' } else { 'r' }, cell, key.clone()));
            match value {
                Some(value) => self.values.insert((cell, key), value),
                None => self.values.remove(&(cell, key)),
            };
        }
    }

    pub struct DepsMut<'a> {
        pub storage: &'a mut dyn Storage,
    }
    impl DepsMut<'_> {
        pub fn branch(&mut self) -> DepsMut<'_> {
            DepsMut { storage: self.storage }
        }
        pub fn as_ref(&self) -> Deps<'_> {
            Deps { storage: self.storage }
        }
    }
    #[derive(Clone, Copy)]
    pub struct Deps<'a> {
        pub storage: &'a dyn Storage,
    }

    #[derive(Default)]
    pub struct Response(pub String);
    impl Response {
        pub fn new() -> Self {
            Response(String::new())
        }
        pub fn add_attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
            self.0 += &key.into();
            self.0 += &value.into();
            self
        }
    }
}

pub mod cw_storage_plus {
    use crate::cosmwasm_std::*;
    use std::marker::PhantomData;

    fn cell(name: &str) -> usize {
        ["a", "b", "m", "n"].iter().position(|known| *known == name).unwrap()
    }
    pub struct Item<T>(&'static str, PhantomData<T>);
    impl Item<u64> {
        pub const fn new(name: &'static str) -> Self {
            Item(name, PhantomData)
        }
        pub fn may_load(&self, s: &dyn Storage) -> StdResult<Option<u64>> {
            Ok(s.read(cell(self.0), Vec::new()))
        }
        pub fn load(&self, s: &dyn Storage) -> StdResult<u64> {
            self.may_load(s)?.ok_or_else(|| StdError::generic_err("absent"))
        }
        pub fn exists(&self, s: &dyn Storage) -> bool {
            s.read(cell(self.0), Vec::new()).is_some()
        }
        pub fn save(&self, s: &mut dyn Storage, value: &u64) -> StdResult<()> {
            Ok(s.write(cell(self.0), Vec::new(), Some(*value)))
        }
        pub fn remove(&self, s: &mut dyn Storage) {
            s.write(cell(self.0), Vec::new(), None)
        }
        pub fn update<A, X: From<StdError>>(&self, s: &mut dyn Storage, action: A) -> Result<u64, X>
        where
            A: FnOnce(u64) -> Result<u64, X>,
        {
            let value = action(self.load(s)?)?;
            self.save(s, &value)?;
            Ok(value)
        }
    }
    pub trait Key {
        fn parts(&self) -> Vec<u64>;
    }
    impl Key for u64 {
        fn parts(&self) -> Vec<u64> {
            vec![*self]
        }
    }
    impl Key for (u64, u64) {
        fn parts(&self) -> Vec<u64> {
            vec![self.0, self.1]
        }
    }
    pub struct Map<K, T>(&'static str, PhantomData<(K, T)>);
    impl<K: Key> Map<K, u64> {
        pub const fn new(name: &'static str) -> Self {
            Map(name, PhantomData)
        }
        pub fn may_load(&self, s: &dyn Storage, key: K) -> StdResult<Option<u64>> {
            Ok(s.read(cell(self.0), key.parts()))
        }
        pub fn load(&self, s: &dyn Storage, key: K) -> StdResult<u64> {
            self.may_load(s, key)?.ok_or_else(|| StdError::generic_err("absent"))
        }
        pub fn has(&self, s: &dyn Storage, key: K) -> bool {
            s.read(cell(self.0), key.parts()).is_some()
        }
        pub fn save(&self, s: &mut dyn Storage, key: K, value: &u64) -> StdResult<()> {
            Ok(s.write(cell(self.0), key.parts(), Some(*value)))
        }
        pub fn remove(&self, s: &mut dyn Storage, key: K) {
            s.write(cell(self.0), key.parts(), None)
        }
        pub fn update<A, X: From<StdError>>(&self, s: &mut dyn Storage, key: K, action: A) -> Result<u64, X>
        where
            A: FnOnce(Option<u64>) -> Result<u64, X>,
        {
            let key = key.parts();
            let value = action(s.read(cell(self.0), key.clone()))?;
            s.write(cell(self.0), key, Some(value));
            Ok(value)
        }
    }
}

/// Calls, one a line (`program n k flag opt list | cell key.. value | ..`), answered a line each: how it ended, what it
/// returned, accesses, the state at the end.
fn serve(run: fn(usize, cosmwasm_std::DepsMut, u64, u64, bool, Option<u64>, Vec<u64>) -> cosmwasm_std::StdResult<cosmwasm_std::Response>) {
    use cosmwasm_std::*;
    use std::io::{BufRead, Write};
    std::panic::set_hook(Box::new(|_| {}));
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        // A thread for each call: what is local to it begins anew.
        let answer = std::thread::spawn(move || {
            let mut parts = line.split('|');
            let call: Vec<&str> = parts.next().unwrap().split_whitespace().collect();
            let number = |at: usize| call[at].parse::<u64>().unwrap();
            let opt = call[4].parse().ok();
            let list: Vec<u64> = call[5..].iter().map(|word| word.parse().unwrap()).collect();
            let mut store = Store::default();
            for part in parts {
                let numbers: Vec<u64> = part.split_whitespace().map(|word| word.parse().unwrap()).collect();
                let (cell, value) = (numbers[0] as usize, *numbers.last().unwrap());
                store.values.insert((cell, numbers[1..numbers.len() - 1].to_vec()), value);
            }
            let run = std::panic::AssertUnwindSafe(|| {
                let deps = DepsMut { storage: &mut store };
                run(number(0) as usize, deps, number(1), number(2), call[3] == "true", opt, list)
            });
            let end = std::panic::catch_unwind(run);
            let mut out = match end {
                Ok(Ok(response)) => format!("ok {}", response.0.replace(['|', ' '], "")),
                _ => "failed -".to_owned(),
            };
            let mut add = |kind: char, cell: usize, key: &[u64], value: Option<u64>| {
                out += &format!("|{kind} {cell}");
                key.iter().copied().chain(value).for_each(|part| out += &format!(" {part}"));
            };
            for (kind, cell, key) in store.log.borrow().iter() {
                add(*kind, *cell, key, None);
            }
            for ((cell, key), value) in &store.values {
                add('=', *cell, key, Some(*value));
            }
            out
        });
        println!("{}", answer.join().unwrap());
        std::io::stdout().flush().unwrap();
    }
}
