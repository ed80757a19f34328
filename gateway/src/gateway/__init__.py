"""统一入口: accounts, units, posts and duty, sessions, proxying and composed reads."""
