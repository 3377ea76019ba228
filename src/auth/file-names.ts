/** The file in the state directory that has all tokens, by their hashes. */
export const TOKEN_FILE = "tokens.json";
/** The file in the state directory that says when tokens were last used. Only the server writes it. */
export const TOKEN_USE_FILE = "token-use.json";
/** The file in the state directory that has all users. */
export const USER_FILE = "users.json";
