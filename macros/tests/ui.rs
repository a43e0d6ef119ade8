//! Every attribute as the compiler shows it: what is fine compiles and runs, what is wrong has its message in `ui/*.stderr`.

#[test]
fn attributes() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass_*.rs");
    cases.compile_fail("tests/ui/fail_*.rs");
}
