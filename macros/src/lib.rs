//! What a contract adds to its dependencies: attributes that check claims about state access.
