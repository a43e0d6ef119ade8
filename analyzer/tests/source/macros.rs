//! `macro_rules!` and the table of known macros.

use crate::world::*;

#[test]
fn items_from_nested_item_macros() {
    let demo = Memory::new(
        "mod nightly {
            macro_rules! const_impl {
                { impl $(<$(const $C: ident : $ty: ty), +>)? const $($tt: tt) + } => { impl $(<$(const $C: $ty), +>)? $($tt) + }
            }
            pub(crate) use const_impl;
        }
        pub struct Big<const N: usize>;
        pub trait From2<T> { fn from2(t: T) -> Self; }
        macro_rules! all {
            ($($a: ident), *) => { $(
                crate::nightly::const_impl! {
                    impl<const N: usize, const M: usize> const crate::From2<$a<M>> for Big<N> { fn from2(from: $a<M>) -> Self { Big } }
                }
            )* };
        }
        all!(Big);",
    );
    let world = demo.world();
    assert_eq!(body(&world, "from2"), "|from#0| { Big }");
    assert_eq!(problems(&world), Vec::<String>::new());
}

#[test]
fn macros_of_other_crates() {
    let demo = Memory::new("fn f(n: usize) { bitvec::bitvec![u8, Lsb0; 0; n] }").package(
        "bitvec",
        &[(
            "src/lib.rs",
            "#[macro_use] pub mod macros; pub mod vec { pub struct BitVec; } ",
        ), ("src/macros.rs", "
            #[macro_export]
            macro_rules! bitvec {
                ($store:ty, $order:ty; $val:expr; $len:expr) => { $crate::vec::BitVec::<$store, $order>::repeat($val != 0, $len) };
                ($($arg:tt)*) => { $crate::vec::BitVec::from_bitslice($crate::bits!($($arg)*)) };
            }")],
    );
    let world = demo.world();
    assert_eq!(body(&world, "f"), "|n#0| { $crate1::vec::BitVec<u8,Lsb0>::repeat((0 Ne 0), n#0) }");
}
