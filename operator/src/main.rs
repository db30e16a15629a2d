//! `hoopoe-operator`.

fn main() {
    println!("hoopoe-operator: run | crd | render | plan | release | explain");
}
