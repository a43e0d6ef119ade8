//! Names of methods of the standard library and of the types of accounts, by what they do.

/// Words between spaces.
pub(super) struct Words(&'static str);

impl Words {
    pub(super) fn contains(&self, word: &&str) -> bool {
        self.0.split_ascii_whitespace().any(|known| known == *word)
    }
}

/// Methods of plain data and of the standard library's collections that change nothing, and whose result leads nowhere.
pub(super) const READS: Words = Words(
    "
    abs abs_diff all any as_bytes as_str as_u64 as_u128 as_u32 binary_search binary_search_by
    binary_search_by_key bits capacity ceil checked_add checked_ceil_div checked_div checked_mul checked_neg
    checked_pow checked_rem checked_shl checked_shr checked_sub cmp contains contains_key count count_ones
    div_ceil ends_with eq eq_ignore_ascii_case floor format ge gt hash is_empty is_err is_negative is_none
    is_none_or is_ok is_positive is_some is_some_and is_zero keys le leading_zeros len lt max min ne
    partial_cmp position pow product rem_euclid rotate_bits saturating_add saturating_div saturating_mul
    saturating_pow saturating_sub signum sqrt starts_with sum to_be_bytes to_bytes to_le_bytes to_ne_bytes
    to_string trailing_zeros trim trim_end trim_matches trim_start try_to_vec wrapping_add
    wrapping_div wrapping_mul wrapping_neg wrapping_shl wrapping_shr wrapping_sub unsigned_abs log_2 log
    try_floor_u64 try_ceil_u64 chars lines split_whitespace parse bytes clamp isqrt overflowing_add
    overflowing_sub overflowing_mul ilog2 ilog10 swap_bytes is_char_boundary char_indices into_string
    ",
);

/// Further methods of numbers and characters, which take them by value.
pub(super) const NUMBERS: Words = Words(
    "
    abs_sub acos add asin atan atan2 bitand bitor bitxor cast_signed cast_unsigned cbrt checked_abs checked_add_signed
    checked_add_unsigned checked_div_euclid checked_ilog checked_ilog10 checked_ilog2 checked_isqrt
    checked_next_multiple_of checked_next_power_of_two checked_rem_euclid checked_signed_diff checked_sub_signed
    checked_sub_unsigned copysign cos count_zeros div div_euclid exp exp2 fract ilog is_alphabetic is_alphanumeric
    is_ascii is_ascii_alphabetic is_ascii_alphanumeric is_ascii_digit is_ascii_hexdigit is_finite is_infinite
    is_multiple_of is_nan is_numeric is_power_of_two is_sign_negative is_sign_positive is_uppercase is_lowercase
    is_whitespace leading_ones len_utf8 ln log10 log2 midpoint mul mul_add ne neg next_multiple_of next_power_of_two not
    overflowing_neg overflowing_pow overflowing_shl overflowing_shr powf powi rem reverse_bits rotate_left rotate_right
    round saturating_add_signed saturating_add_unsigned saturating_abs saturating_neg saturating_sub_signed
    saturating_sub_unsigned shl shr sin sub tan then then_some to_ascii_lowercase to_ascii_uppercase to_be to_bits to_digit
    to_le to_lowercase to_uppercase total_cmp trailing_ones trunc wrapping_abs wrapping_add_signed wrapping_add_unsigned
    wrapping_div_euclid wrapping_pow wrapping_rem wrapping_rem_euclid wrapping_sub_signed wrapping_sub_unsigned
    ",
);

/// Methods that give the same value, or one taken from it, in another dress.
pub(super) const VIEWS: Words = Words(
    "
    and and_then as_deref as_deref_mut as_mut as_mut_slice as_mut_ref as_ref as_slice borrow by_ref chain chunks
    chunks_exact chunks_exact_mut chunks_mut clone cloned collect copied cycle deref deref_mut entry enumerate
    err expect filter filter_map find find_map first first_mut flat_map flatten fold for_each fuse get get_mut
    inspect into into_boxed_slice into_iter iter iter_mut last last_mut map map_err map_or map_or_else
    map_while max_by max_by_key min_by min_by_key next next_back nth ok ok_or ok_or_else or or_default or_else
    or_insert or_insert_with partition peek peekable rev scan skip skip_while split split_at split_at_mut
    split_first split_first_mut split_last split_last_mut split_mut step_by take_while to_owned to_vec try_fold
    try_for_each try_into unwrap unwrap_or unwrap_or_default unwrap_or_else unwrap_unchecked unzip values values_mut
    windows zip as_any into_inner concat join to_account_infos_slice
    ",
);

/// Methods that change what they are called on.
pub(super) const WRITES: Words = Words(
    "
    append clear clone_from clone_from_slice copy_from_slice copy_within dedup dedup_by_key drain extend
    extend_from_slice fill get_or_insert get_or_insert_with insert insert_str pop pop_back pop_front push
    push_back push_front push_str remove replace reserve resize retain retain_mut reverse rotate_left
    rotate_right set set_len shrink_to_fit sort sort_by sort_by_key sort_unstable sort_unstable_by
    sort_unstable_by_key split_off swap swap_remove swap_with_slice truncate write write_all
    ",
);

/// What the types of accounts do when they are looked at.
/// Source: solana-account-info 2.3 `src/lib.rs`; pinocchio 0.9 `account_info.rs`, solana-account-view 3.0; anchor 1.2 `lang/src/lib.rs` (`Lamports`, `Key`).
pub(super) const LOOKS: Words = Words(
    "
    assert_address assert_signer assert_writable bumps borrow_data_unchecked borrow_lamports_unchecked
    borrow_unchecked can_borrow_data can_borrow_lamports can_borrow_mut_data can_borrow_mut_lamports
    check_borrow check_borrow_mut data_is_empty data_len deserialize_data executable get_lamports has_address
    is_borrowed is_borrowed_data is_borrowed_lamports is_borrowed_mut is_empty is_executable is_owned_by
    is_program is_signer is_sysvar is_writable lamports load original_data_len owned_by owner
    programdata_address reload rent_epoch signer_key try_borrow try_borrow_data try_borrow_lamports
    try_data_is_empty try_data_len try_lamports unsigned_key has_seeds is_type resize_delta disc
    ",
);

/// What changes them.
pub(super) const CHANGES: Words = Words(
    "
    add_lamports assign close close_unchecked exit exit_with_expected_owner realloc realloc_unchecked resize
    resize_unchecked serialize_data set_inner set_lamports sub_lamports send unload
    ",
);

/// What gives a place in them that can be changed.
pub(super) const OPENS: Words = Words(
    "
    borrow_data_mut_unchecked borrow_mut_data_unchecked borrow_mut_lamports_unchecked borrow_unchecked_mut
    data_mut_ptr try_borrow_mut try_borrow_mut_data try_borrow_mut_lamports
    ",
);

/// What only works on an account that is locked for writing, whatever happens next.
/// Source: anchor 1.2 `lang/src/accounts/account_loader.rs` (`AccountNotMutable`).
pub(super) const DEMANDS: Words = Words(
    "
    load_init load_mut
    ",
);

/// Methods after which the code goes on although the call before them failed.
pub(super) const CATCHES: Words = Words(
    "
    is_err is_ok is_err_and is_ok_and ok err or or_else unwrap_or unwrap_or_default unwrap_or_else map_or map_or_else
    ",
);
