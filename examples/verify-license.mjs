// Checks a Storefront license file without a network. Needs nothing but Node.js 18 or newer.
//   node verify-license.mjs FILE KID=PUBLIC_KEY… --product=SLUG [--issuer=URL] [--fingerprint=TEXT]
//     [--revocations=FILE] [--allow-test]
import { createPublicKey, verify } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TOLERANCE = 24 * 3600; // a clock that is a day wrong is nobody's fault

// Its message is one of: malformed, algorithm, unknown_key, signature, issuer, product, mode, clock, expired, device,
// revoked.
export class Refused extends Error {}

function decode(text) {
  const content = Buffer.from(text, "base64url");
  if (content.toString("base64url") !== text) throw new Refused("malformed");
  return content;
}

function parse(text) {
  try { return JSON.parse(decode(text)); } catch { throw new Refused("malformed"); }
}

// The claims of a JWS. `publicKeys` maps a key id to its 32 bytes in base64url, as your program ships them.
export function readSigned(token, publicKeys, kind) {
  const parts = token.trim().split(".");
  if (parts.length !== 3) throw new Refused("malformed");
  const [head, body, signature] = parts;
  const header = parse(head);
  if (header?.alg !== "EdDSA" || header.typ !== kind) throw new Refused("algorithm"); // never what the file asks for
  if (typeof header.kid !== "string" || !Object.hasOwn(publicKeys, header.kid)) throw new Refused("unknown_key");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKeys[header.kid] }, format: "jwk" });
  if (!verify(null, Buffer.from(`${head}.${body}`), key, decode(signature))) throw new Refused("signature");
  return parse(body);
}

// A list that does not verify, or is of another shop, says nothing: whoever forges one could withhold it.
function isRevoked(claims, revocations, publicKeys) {
  let listed;
  try {
    listed = readSigned(revocations, publicKeys, "revocations+jwt");
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
  if (listed.iss !== claims.iss) return false;
  return Object.hasOwn(listed.revoked, claims.sub) || claims.generation < (listed.reissued[claims.sub] ?? 1);
}

// The file's claims, or Refused. `product` is the slug of what you sell here: any other license is not enough.
// `revocations` is the newest list your program could fetch, if any.
export function verifyLicense(token, publicKeys, options) {
  const { product, issuer, fingerprint, revocations, allowTest = false, now = Date.now() / 1000 } = options;
  if (product === undefined) throw new TypeError("product is missing: the slug of what you sell here");
  const claims = readSigned(token, publicKeys, "license+jwt");
  if (issuer !== undefined && claims.iss !== issuer) throw new Refused("issuer");
  if (claims.product !== product) throw new Refused("product");
  if (claims.mode !== "live" && !allowTest) throw new Refused("mode");
  if (claims.iat > now + TOLERANCE) throw new Refused("clock");
  if (claims.exp <= now) throw new Refused("expired");
  if (claims.fingerprint !== null && claims.fingerprint !== fingerprint) throw new Refused("device");
  if (revocations !== undefined && isRevoked(claims, revocations, publicKeys)) throw new Refused("revoked");
  return claims;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const words = process.argv.slice(2);
  const options = Object.fromEntries(words.filter((word) => word.startsWith("--")).map((word) => word.slice(2).split(/=(.*)/s)));
  const [file, ...keys] = words.filter((word) => !word.startsWith("--"));
  if (options.revocations) options.revocations = readFileSync(options.revocations, "utf8");
  if (options.now) options.now = Number(options.now); // Unix seconds, for the test vectors
  options.allowTest = Object.hasOwn(options, "allow-test");
  try {
    const publicKeys = Object.fromEntries(keys.map((pair) => pair.split(/=(.*)/s)));
    console.log(JSON.stringify(verifyLicense(readFileSync(file, "utf8"), publicKeys, options)));
  } catch (error) {
    console.error(error instanceof Refused ? `refused: ${error.message}` : error);
    process.exitCode = 1;
  }
}
