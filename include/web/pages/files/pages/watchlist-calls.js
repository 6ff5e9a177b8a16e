// What can be done to a list of one's own.
import { patch, post, remove } from "../api.js";
import { confirm } from "../dialog.js";
import { counted } from "../format.js";

export const listPath = (name, ticker) => `/watchlist/${encodeURIComponent(name)}${ticker === undefined ? "" : `/${encodeURIComponent(ticker)}`}`;

export const addTickers = (name, tickers, notes = null) => post(listPath(name), { tickers, notes });
export const renameList = (name, newName) => patch(listPath(name), { name: newName });
export const analyse = (name) => post(`${listPath(name)}/analyze`);

/** Removes a list when somebody says so; answers whether it did. */
export async function removeList({ name, count }) {
  const text = `${counted(count, "ticker")} and what is written beside them go with it. Results and jobs stay. This cannot be undone.`;
  const title = name === "default" ? "Empty the list default?" : `Remove the list ${name}?`;
  if (!(await confirm({ title, text, action: name === "default" ? "Empty it" : "Remove it", danger: true }))) return false;
  await remove(listPath(name));
  return true;
}
