#[path = "../stub.rs"]
mod stub;
pub use stub::*;
extern crate self as cosmwasm_std;
extern crate self as cw_storage_plus;

#[crosslane::contract]
mod contract {
    use cosmwasm_std::{Addr, DepsMut, Env, MessageInfo, Response, StdResult};
    use cw_storage_plus::{Item, Map};
    use crosslane::parallel as entry_point;

    const BALANCES: Map<&Addr, u64> = Map::new("balances");
    const TOTAL: Item<u64> = Item::new("total");

    pub enum ExecuteMsg {
        Transfer { recipient: Addr, amount: u64 },
        Mint { to: Addr, amount: u64 },
    }

    #[entry_point]
    pub fn execute(deps: DepsMut, _env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
        match msg {
            ExecuteMsg::Transfer { recipient, amount } => transfer(deps, info, recipient, amount),
            ExecuteMsg::Mint { to, amount } => mint(deps, to, amount),
        }
    }

    #[crosslane::parallel]
    fn transfer(deps: DepsMut, info: MessageInfo, recipient: Addr, amount: u64) -> StdResult<Response> {
        BALANCES.update(&deps.storage, &info.sender, |b| Ok(b.unwrap_or_default() - amount))?;
        BALANCES.update(&deps.storage, &recipient, |b| Ok(b.unwrap_or_default() + amount))?;
        Ok(Response)
    }

    #[crosslane::parallel(with = [transfer], unless = "a.to = b.caller or a.to = b.recipient")]
    fn mint(deps: DepsMut, to: Addr, amount: u64) -> StdResult<Response> {
        TOTAL.update(&deps.storage, |t| Ok(t + amount))?;
        BALANCES.update(&deps.storage, &to, |b| Ok(b.unwrap_or_default() + amount))?;
        Ok(Response)
    }
}

fn main() {}
