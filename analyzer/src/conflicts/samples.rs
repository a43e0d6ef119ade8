//! Small contracts built by hand, for tests of everything that starts from an [`ir::Contract`](crate::ir::Contract).

use crate::ir::*;

/// Collects cells and entry points into a contract.
#[derive(Clone, Debug)]
pub struct Builder {
    contract: Contract,
}

/// Names a term the way manifests do: `caller`, `self`, `origin`, `any`, `*` (an open prefix), `=text` (a constant),
/// `#12` (a number), `@account`, everything else an argument path (`members[1].addr`: the number is the correlation id).
pub fn term(text: &str) -> Term {
    match text {
        "caller" => return Term::Caller,
        "origin" => return Term::Origin,
        "self" => return Term::SelfAddr,
        "any" => return Term::Any,
        "*" => return Term::Prefix(Vec::new()),
        _ => {}
    }
    if let Some(text) = text.strip_prefix('=') {
        return Term::text(text);
    }
    if let Some(number) = text.strip_prefix('#') {
        return Term::Const(Const::Int(number.parse().unwrap_or(0)));
    }
    if let Some(name) = text.strip_prefix('@') {
        return Term::Account(name.to_owned());
    }
    let mut steps = Vec::new();
    for part in text.split('.') {
        let (name, rest) = part.split_once('[').unwrap_or((part, ""));
        let (name, optional) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
        steps.push(Step::Field(name.to_owned()));
        if optional {
            steps.push(Step::Some);
        }
        if let Some(id) = rest.strip_suffix(']') {
            steps.push(Step::Elem(id.parse().unwrap_or(0)));
        }
    }
    Term::Arg(steps)
}

/// `load(cell[key].field)`.
pub fn load(cell: CellId, key: &[&str], field: &str) -> Term {
    let field = field.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    Term::Load { cell, key: key.iter().map(|text| term(text)).collect(), field }
}

/// An access to a cell at a key, everything else at its plainest.
pub fn access(mode: Mode, cell: CellId, key: Vec<Term>) -> Access {
    Access {
        cell,
        key,
        field: None,
        mode,
        op: None,
        bounds: Vec::new(),
        keeps_presence: false,
        at: None,
        certainty: Certainty::Always,
        repeat: false,
        implicit: false,
        ttl: false,
        span: Span::NONE,
        via: Vec::new(),
    }
}

/// Shorthand for [`access`] with the terms of [`term`].
pub fn touch(mode: Mode, cell: CellId, key: &[&str]) -> Access {
    access(mode, cell, key.iter().map(|text| term(text)).collect())
}

/// A delta of the `add` group on a field, with an absent value counting as 0.
pub fn delta(cell: CellId, key: &[&str], field: Option<&str>, bounded: bool) -> Access {
    let bound = Bound { side: Side::Lower, limit: Term::Const(Const::Int(0)) };
    Access {
        field: field.map(str::to_owned),
        op: Some(Op { group: OpGroup::Add, name: "add".to_owned(), default: Some(Const::Int(0)) }),
        bounds: if bounded { vec![bound] } else { Vec::new() },
        ..touch(Mode::Commute, cell, key)
    }
}

/// The type of an address on a CosmWasm chain.
pub fn address() -> Type {
    Type::Address("bech32".to_owned())
}

impl Builder {
    /// An empty contract of a chain model.
    pub fn new(name: &str, chain: &str) -> Builder {
        Builder {
            contract: Contract {
                name: name.to_owned(),
                package: name.to_owned(),
                package_version: "1.0.0".to_owned(),
                framework: "cosmwasm".to_owned(),
                framework_title: "CosmWasm".to_owned(),
                chain: chain.to_owned(),
                entry_noun: "message".to_owned(),
                cells: Vec::new(),
                entries: Vec::new(),
                assumes: Vec::new(),
                dependencies: "all".to_owned(),
                features: Vec::new(),
                models: Vec::new(),
                source_hash: String::new(),
            },
        }
    }

    /// Adds a cell; its namespace is its name in lower case.
    pub fn cell(&mut self, name: &str, keys: &[Type], value: Type) -> CellId {
        let kind = if keys.is_empty() { "item" } else { "map" };
        self.contract.cells.push(Cell {
            name: name.to_owned(),
            storage: Storage {
                kind: kind.to_owned(),
                prefix: Some(name.to_ascii_lowercase().into_bytes()),
                encoding: "cw-storage-plus".to_owned(),
                slot: None,
            },
            keys: keys.to_vec(),
            value,
            unit: Unit { kind: "key".to_owned(), id: "own".to_owned() },
            tier: None,
            shapes: Vec::new(),
            global: false,
            implicit: false,
            span: Span::NONE,
        });
        CellId(self.contract.cells.len() as u32 - 1)
    }

    /// The cell, to change it.
    pub fn cell_mut(&mut self, id: CellId) -> &mut Cell {
        &mut self.contract.cells[id.0 as usize]
    }

    /// Adds an entry point; its index is returned.
    pub fn entry(&mut self, name: &str, params: &[(&str, Type)], accesses: Vec<Access>) -> usize {
        let kind = match name.split("::").next() {
            Some("query") => EntryKind::View,
            Some("instantiate") => EntryKind::Init,
            Some("migrate") => EntryKind::Migrate,
            Some("reply") => EntryKind::Callback,
            _ => EntryKind::Call,
        };
        let param = |(name, ty): &(&str, Type)| Param {
            name: (*name).to_owned(),
            ty: ty.clone(),
            optional: matches!(ty, Type::Option(_)),
            default: None,
            auth: false,
        };
        self.contract.entries.push(Entry {
            name: name.to_owned(),
            kind,
            refines: None,
            callers: Callers::Anyone,
            callers_span: Span::NONE,
            params: params.iter().map(param).collect(),
            accesses,
            externals: Vec::new(),
            unknowns: Vec::new(),
            accounts: None,
            span: Span::NONE,
        });
        self.contract.entries.len() - 1
    }

    /// The entry point, to change it.
    pub fn entry_mut(&mut self, at: usize) -> &mut Entry {
        &mut self.contract.entries[at]
    }

    /// The contract.
    pub fn finish(self) -> Contract {
        self.contract
    }
}

/// A call out to a contract nobody linked.
pub fn external(target: Term, mode: ExternalMode) -> External {
    External {
        target,
        mode,
        entry: None,
        args: Vec::new(),
        callee: None,
        linked: false,
        value: false,
        span: Span::NONE,
        via: Vec::new(),
    }
}

/// An unknown.
pub fn unknown(reason: UnknownReason, what: &str, reach: Reach) -> Unknown {
    Unknown { reason, what: what.to_owned(), reach, span: Span::NONE, via: Vec::new() }
}

/// A token like cw20: balances per address, allowances per owner and spender, one item with the total supply.
pub fn token() -> Contract {
    use Mode::*;
    let mut token = Builder::new("token", "keyed");
    let info = Type::Struct("TokenInfo".into(), vec![("total_supply".into(), Type::Uint(128))]);
    let balances = token.cell("BALANCES", &[address()], Type::Uint(128));
    let allowances = token.cell("ALLOWANCES", &[address(), address()], Type::Uint(128));
    let spenders = token.cell("ALLOWANCES_SPENDER", &[address(), address()], Type::Uint(128));
    let supply = token.cell("TOKEN_INFO", &[], info);
    let amount = ("amount", Type::Uint(128));
    let to = ("recipient", address());
    let spender = ("spender", address());

    token.entry("instantiate", &[], vec![touch(Write, supply, &[]), touch(Update, balances, &["any"])]);
    token.entry(
        "execute::transfer",
        &[to.clone(), amount.clone()],
        vec![touch(Update, balances, &["caller"]), touch(Update, balances, &["recipient"])],
    );
    token.entry(
        "execute::burn",
        std::slice::from_ref(&amount),
        vec![touch(Update, balances, &["caller"]), touch(Update, supply, &[])],
    );
    let mint = token.entry(
        "execute::mint",
        &[to, amount.clone()],
        vec![touch(Update, supply, &[]), touch(Update, balances, &["recipient"])],
    );
    token.entry_mut(mint).callers = Callers::Address("TOKEN_INFO.mint.minter".into());
    token.entry(
        "execute::increase_allowance",
        &[spender.clone(), amount.clone()],
        vec![touch(Update, allowances, &["caller", "spender"]), touch(Update, spenders, &["spender", "caller"])],
    );
    let send = token.entry(
        "execute::send",
        &[("contract", address()), amount],
        vec![touch(Update, balances, &["caller"]), touch(Update, balances, &["contract"])],
    );
    token.entry_mut(send).externals.push(external(Term::arg("contract"), ExternalMode::Message));
    token.entry("query::balance", &[("address", address())], vec![touch(Read, balances, &["address"])]);
    token.entry("query::token_info", &[], vec![touch(Read, supply, &[])]);
    token.entry("query::all_allowances", &[("owner", address())], vec![touch(Scan, allowances, &["owner", "*"])]);
    token.finish()
}
