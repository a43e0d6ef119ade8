//! What other programs do with the accounts that calls to them name. A call never needs a lock that the instruction
//! around it does not declare, so the rows only say which declared locks are needed.

/// Calls through a context: module and function, fields that are written, fields that are only read.
pub(crate) struct Row {
    /// Modules the function stands in.
    pub(crate) modules: &'static [&'static str],
    /// Its name.
    pub(crate) function: &'static str,
    /// Name of the struct of accounts.
    pub(crate) accounts: &'static str,
    /// Fields written.
    pub(crate) writes: &'static [&'static str],
    /// Fields read.
    pub(crate) reads: &'static [&'static str],
}

/// Functions that build an instruction from addresses.
pub(crate) struct Builder {
    /// Modules the function stands in.
    pub(crate) modules: &'static [&'static str],
    /// Its name.
    pub(crate) function: &'static str,
    /// Positions of addresses that are written.
    pub(crate) writes: &'static [usize],
    /// Positions of addresses that are only read.
    pub(crate) reads: &'static [usize],
    /// It also names addresses that are no arguments.
    pub(crate) more: bool,
}

const TOKEN: &[&str] = &["token", "token_2022", "token_interface", "spl_token", "pinocchio_token", "instructions"];
const SYSTEM: &[&str] = &["system_program", "pinocchio_system", "instructions"];
const ATA: &[&str] = &["associated_token", "pinocchio_associated_token_account", "instructions"];
const METADATA: &[&str] = &["metadata"];

macro_rules! rows {
    ($($modules:ident $function:literal $accounts:literal : $($w:literal)* ; $($r:literal)*)*) => {
        &[$(Row { modules: $modules, function: $function, accounts: $accounts, writes: &[$($w),*], reads: &[$($r),*] }),*]
    };
}

/// Source: solana-program/token `idl.json`; anchor 1.2 `spl/src/{token,token_2022,associated_token,metadata}.rs`,
/// `lang/src/system_program.rs`; mpl-token-metadata 5.1 `idls/token_metadata.json`; pinocchio-token 0.4, pinocchio-system 0.3.
pub(crate) const ROWS: &[Row] = rows! {
    TOKEN "transfer" "Transfer": "from" "to" ; "authority"
    TOKEN "transfer_checked" "TransferChecked": "from" "to" ; "authority" "mint" "token_program"
    TOKEN "transfer_checked_with_fee" "TransferCheckedWithFee": "source" "destination" ; "authority" "mint" "token_program_id"
    TOKEN "mint_to" "MintTo": "mint" "to" "account" ; "authority" "mint_authority"
    TOKEN "mint_to_checked" "MintToChecked": "mint" "to" "account" ; "authority" "mint_authority"
    TOKEN "burn" "Burn": "mint" "from" "account" ; "authority"
    TOKEN "burn_checked" "BurnChecked": "mint" "from" "account" ; "authority"
    TOKEN "approve" "Approve": "to" "source" ; "delegate" "authority"
    TOKEN "approve_checked" "ApproveChecked": "to" "source" ; "mint" "delegate" "authority"
    TOKEN "revoke" "Revoke": "source" ; "authority" "owner"
    TOKEN "initialize_account" "InitializeAccount": "account" ; "mint" "authority" "rent" "owner" "rent_sysvar"
    TOKEN "initialize_account2" "InitializeAccount2": "account" ; "mint" "rent" "rent_sysvar"
    TOKEN "initialize_account3" "InitializeAccount3": "account" ; "mint" "authority"
    TOKEN "initialize_mint" "InitializeMint": "mint" ; "rent" "rent_sysvar"
    TOKEN "initialize_mint2" "InitializeMint2": "mint" ;
    TOKEN "close_account" "CloseAccount": "account" "destination" ; "authority"
    TOKEN "freeze_account" "FreezeAccount": "account" ; "mint" "authority" "freeze_authority"
    TOKEN "thaw_account" "ThawAccount": "account" ; "mint" "authority" "freeze_authority"
    TOKEN "set_authority" "SetAuthority": "account_or_mint" "account" ; "current_authority" "authority"
    TOKEN "sync_native" "SyncNative": "account" "native_token" ;
    TOKEN "initialize_immutable_owner" "InitializeImmutableOwner": "account" ;
    SYSTEM "transfer" "Transfer": "from" "to" ;
    SYSTEM "create_account" "CreateAccount": "from" "to" ;
    SYSTEM "allocate" "Allocate": "account_to_allocate" "account" ;
    SYSTEM "assign" "Assign": "account_to_assign" "account" ;
    SYSTEM "create_account_with_seed" "CreateAccountWithSeed": "from" "to" ; "base"
    ATA "create" "Create": "payer" "funding_account" "associated_token" "account" ; "authority" "wallet" "mint" "system_program" "token_program"
    ATA "create_idempotent" "CreateIdempotent": "payer" "funding_account" "associated_token" "account" ; "authority" "wallet" "mint" "system_program" "token_program"
    METADATA "create_metadata_accounts_v3" "CreateMetadataAccountsV3": "metadata" "payer" ; "mint" "mint_authority" "update_authority" "system_program" "rent"
    METADATA "update_metadata_accounts_v2" "UpdateMetadataAccountsV2": "metadata" ; "update_authority"
    METADATA "create_master_edition_v3" "CreateMasterEditionV3": "edition" "mint" "payer" "metadata" ; "update_authority" "mint_authority" "token_program" "system_program" "rent"
    METADATA "sign_metadata" "SignMetadata": "metadata" ; "creator"
};

macro_rules! builders {
    ($($modules:ident $function:literal : $($w:literal)* ; $($r:literal)* $(; $more:ident)?)*) => {
        &[$(Builder { modules: $modules, function: $function, writes: &[$($w),*], reads: &[$($r),*], more: builders!(@ $($more)?) }),*]
    };
    (@ more) => { true };
    (@) => { false };
}

const TOKEN_IX: &[&str] =
    &["spl_token", "spl_token_2022", "spl_token_interface", "spl_token_2022_interface", "token", "token_2022"];
const SYSTEM_IX: &[&str] = &["system_instruction", "solana_system_interface"];
const ATA_IX: &[&str] =
    &["spl_associated_token_account", "spl_associated_token_account_client", "spl_associated_token_account_interface"];

/// Source: spl-token 8.0 `src/instruction.rs`; solana-system-interface 1.0 `src/instruction.rs`; spl-associated-token-account 7.0.
pub(crate) const BUILDERS: &[Builder] = builders! {
    SYSTEM_IX "transfer": 0 1 ;
    SYSTEM_IX "create_account": 0 1 ;
    SYSTEM_IX "create_account_with_seed": 0 1 ; 2
    SYSTEM_IX "allocate": 0 ;
    SYSTEM_IX "assign": 0 ;
    TOKEN_IX "transfer": 1 2 ; 3
    TOKEN_IX "transfer_checked": 1 3 ; 2 4
    TOKEN_IX "mint_to": 1 2 ; 3
    TOKEN_IX "mint_to_checked": 1 2 ; 3
    TOKEN_IX "burn": 1 2 ; 3
    TOKEN_IX "burn_checked": 1 2 ; 3
    TOKEN_IX "approve": 1 ; 2 3
    TOKEN_IX "revoke": 1 ; 2
    TOKEN_IX "set_authority": 1 ; 4
    TOKEN_IX "close_account": 1 2 ; 3
    TOKEN_IX "initialize_account": 1 ; 2 3
    TOKEN_IX "initialize_account2": 1 ; 2
    TOKEN_IX "initialize_account3": 1 ; 2
    TOKEN_IX "initialize_mint": 1 ;
    TOKEN_IX "initialize_mint2": 1 ;
    TOKEN_IX "freeze_account": 1 ; 2 3
    TOKEN_IX "thaw_account": 1 ; 2 3
    TOKEN_IX "sync_native": 1 ;
    ATA_IX "create_associated_token_account": 0 ; 1 2 3 ; more
    ATA_IX "create_associated_token_account_idempotent": 0 ; 1 2 3 ; more
};
