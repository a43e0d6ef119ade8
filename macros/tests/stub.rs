//! Just enough of a storage library for the compiler; the analyzer has tables for the real one.
#![allow(dead_code)]

use std::marker::PhantomData;

pub struct Storage;
pub struct DepsMut {
    pub storage: Storage,
}
pub struct Env;
pub struct Addr;
pub struct MessageInfo {
    pub sender: Addr,
}
pub struct StdError;
pub struct Response;
pub type StdResult<T> = Result<T, StdError>;
pub struct Item<T>(PhantomData<T>);
pub struct Map<K, V>(PhantomData<(K, V)>);

impl<T> Item<T> {
    pub const fn new(_: &'static str) -> Self {
        Item(PhantomData)
    }
    pub fn load(&self, _: &Storage) -> StdResult<T> {
        Err(StdError)
    }
    pub fn update<F: FnOnce(T) -> StdResult<T>>(&self, _: &Storage, _: F) -> StdResult<()> {
        Ok(())
    }
}

impl<K, V> Map<K, V> {
    pub const fn new(_: &'static str) -> Self {
        Map(PhantomData)
    }
    pub fn save(&self, _: &Storage, _: K, _: &V) -> StdResult<()> {
        Ok(())
    }
    pub fn update<F: FnOnce(Option<V>) -> StdResult<V>>(&self, _: &Storage, _: K, _: F) -> StdResult<()> {
        Ok(())
    }
}
