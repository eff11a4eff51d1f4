/* Checks what the event log of Salus says of itself. It stands alone: it imports nothing, sends nothing, and
   needs a browser's Web Cryptography only. The documents that it reads are described, field by field, in
   docs/reference/log-proofs.md; check_proof.py beside this file does the same in Python.

   A verdict is true (it holds), false (it does not) or null (it could not be checked). */

const HASH = /^[0-9a-f]{64}$/;

/* -------------------------------------------------------------------- what a document claims, step by step */

// Each kind of document, by its members.
const KINDS = {
  "columns head index keys leaf path row": "inclusion",
  "first keys path second": "consistency",
  "head keys": "head",
};

// `agency`: the public keys that the agency publishes, as a JWK Set (RFC 7517).
export async function check(document, agency) {
  const kind = KINDS[Object.keys(document).sort().join(" ")];
  if (!kind) throw new TypeError("neither a proof nor a head");
  const heads = kind === "consistency" ? [document.first, document.second] : [document.head];
  const steps = {};
  if (kind === "inclusion") {
    steps.row = document.row === null ? null : await attempt(() => isLeafOf(document));
    steps.path = await attempt(() => includes(document));
  }
  if (kind === "consistency") steps.extends = await attempt(() => extendsTree(document));
  const signed = await Promise.all(heads.map((head) => attempt(() => isSigned(head, document.keys))));
  steps.signature = signed.includes(false) ? false : signed.includes(null) ? null : true;
  steps.key = await attempt(() => heads.every((head) => isAgencys(keyOf(head, document.keys), agency)));
  return { kind, heads, steps, event: steps.row ? fieldsOf(unbase64(document.row), document.columns) : null };
}

async function attempt(step) {
  try {
    return await step();
  } catch (error) {
    return error.name === "NotSupportedError" ? null : false;
  }
}

/* ------------------------------------------------------------------------- the tree: RFC 9162, section 2.1 */

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.of(...parts.flatMap((part) => [...part]))));
}

const leafHash = (entry) => sha256([0], entry); // 2.1.1: MTH({d[0]})
const nodeHash = (left, right) => sha256([1], left, right);

async function isLeafOf({ row, columns, leaf }) {
  return fieldsOf(unbase64(row), columns) !== null && hex(await leafHash(unbase64(row))) === leaf;
}

// Section 2.1.3.2: from the leaf up to the root, taking in one hash of the path at each step.
async function includes({ leaf, index, path, head }) {
  let [fn, sn] = [natural(index), natural(head.size) - 1n];
  if (fn > sn) return false;
  let r = unhex(leaf);
  for (const p of path.map(unhex)) {
    if (sn === 0n) return false;
    if (odd(fn) || fn === sn) {
      r = await nodeHash(p, r);
      while (!odd(fn) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      r = await nodeHash(r, p);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && hex(r) === head.root;
}

// Section 2.1.4.2: the same hashes give both roots, so the larger tree begins with the smaller one.
async function extendsTree({ first, second, path }) {
  const [one, two] = [natural(first.size), natural(second.size)];
  if (one === 0n || one > two) return false;
  if (one === two) return path.length === 0 && first.root === second.root;
  const hashes = path.map(unhex);
  if ((one & (one - 1n)) === 0n) hashes.unshift(unhex(first.root)); // a power of two: a subtree by itself
  let [fn, sn] = [one - 1n, two - 1n];
  while (odd(fn)) [fn, sn] = [fn >> 1n, sn >> 1n];
  let fr = hashes[0];
  let sr = hashes[0];
  for (const c of hashes.slice(1)) {
    if (sn === 0n) return false;
    if (odd(fn) || fn === sn) {
      [fr, sr] = [await nodeHash(c, fr), await nodeHash(c, sr)];
      while (!odd(fn) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      sr = await nodeHash(sr, c);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && hex(fr) === first.root && hex(sr) === second.root;
}

const odd = (number) => (number & 1n) === 1n;

/* ------------------------- the signature: RFC 7515, appendix F (detached), Ed25519 by RFC 8037 and RFC 9864 */

async function isSigned(head, keys) {
  const { signature, ...statement } = head;
  const [header, nothing, value, more] = signature.split(".");
  const { alg, crit } = headerOf(head);
  // Section 4.1.11: whoever does not understand what is critical must refuse.
  if (alg !== "Ed25519" || crit !== undefined || nothing !== "" || more !== undefined) return false;
  const { kty, crv, x } = keyOf(head, keys);
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x }, "Ed25519", false, ["verify"]);
  const signed = bytes(`${header}.${base64url(bytes(canonical(statement)))}`);
  return crypto.subtle.verify("Ed25519", key, unbase64url(value), signed);
}

const headerOf = (head) => JSON.parse(new TextDecoder().decode(unbase64url(head.signature.split(".")[0])));
const keyOf = (head, keys) => keys.keys.find((key) => key.kid === headerOf(head).kid);
const isAgencys = (key, agency) => agency.keys.some(({ kty, crv, x }) => same([kty, crv, x], [key.kty, key.crv, key.x]));

// RFC 8785 for what has but texts and whole numbers: members in order, no white space.
function canonical(statement) {
  if (!Object.values(statement).every((value) => typeof value === "string" || Number.isSafeInteger(value))) {
    throw new TypeError("more than texts and whole numbers");
  }
  return JSON.stringify(statement, Object.keys(statement).sort());
}

/* ------- the row: PostgreSQL's documentation of COPY, "Binary Format", "Tuples"; and how each type is sent */

const number = (view) => view.getBigInt64(0);
const text = (view) => new TextDecoder("utf-8", { fatal: true }).decode(view);
const truth = (view) => view.getUint8(0) === 1;
const uuid = (view) => hex(new Uint8Array(view.buffer, view.byteOffset, 16)).replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
const instant = (view) => new Date(Date.UTC(2000, 0) + Number(view.getBigInt64(0) / 1000n)); // sent in microseconds
// Dimensions, flags, type, length, lower bound (4 bytes each); then each value after its length.
const numbers = (view) => Array.from({ length: view.getInt32(12) }, (_, i) => view.getBigInt64(24 + 12 * i));

const COLUMNS = {
  ...{ at: instant, id: number, xid: number, salt: uuid, kind: text, agent: text, denied: truth },
  ...{ repeated: truth, account_id: number, practitioner_id: number, organization_id: number },
  ...{ person_id: number, document_id: number, request_id: uuid, system: text, persons: numbers },
  ...{ client_id: number, purpose: text },
};
const FIRST = 16; // columns that every row has; of the later ones those at the end are left out while null

// The names of the columns are not hashed: only those that are known here, in their order, are believed.
function fieldsOf(row, columns) {
  const view = new DataView(row.buffer);
  const names = Object.keys(COLUMNS).slice(0, view.getInt16(0));
  if (!same(columns, names) || view.getInt16(0) !== names.length) throw new TypeError("other columns");
  if (names.length < FIRST) throw new RangeError("less than a row");
  let place = 2;
  const fields = {};
  for (const name of names) {
    const length = view.getInt32(place); // -1: null
    place += 4;
    fields[name] = length < 0 ? null : COLUMNS[name](new DataView(row.buffer, place, length));
    place += Math.max(length, 0);
  }
  if (place !== row.length) throw new RangeError("more than a row");
  if (names.length > FIRST && fields[names.at(-1)] === null) throw new TypeError("a null that is left out");
  return fields;
}

/* ------------------------------------------------ texts and bytes; each value has one spelling, or it fails */

const bytes = (string) => new TextEncoder().encode(string);
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const base64 = (data) => btoa(String.fromCharCode(...data));
const base64url = (data) => base64(data).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const unhex = (string) => Uint8Array.from(only(HASH.test(string), string).match(/../g), (pair) => parseInt(pair, 16));
const natural = (value) => BigInt(only(Number.isSafeInteger(value) && value >= 0, value));
const unbase64 = (string) => unchanged(base64, string, atob(string));
const unbase64url = (string) => unchanged(base64url, string, atob(string.replaceAll("-", "+").replaceAll("_", "/")));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function unchanged(spelled, string, characters) {
  const data = Uint8Array.from(characters, (character) => character.charCodeAt(0));
  return only(spelled(data) === string, data);
}

function only(right, value) {
  if (!right) throw new TypeError("not spelled as it must be");
  return value;
}
