// A provider of OpenID Connect for the tests of the service: node provider.mjs ISSUER < configuration.json
// It signs in the account that the tests set (POST /control), without asking anybody.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Provider, interactionPolicy } from "oidc-provider";

const issuer = process.argv[2];
const configuration = JSON.parse(await text(process.stdin));
const state = { account: "ada", claims: {}, asked: 0, skew: 0 };
const { now } = Date;
Date.now = () => now() + 1000 * state.skew; // its clock may be wrong

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

function newProvider(keys) {
  const provider = new Provider(issuer, {
    ...configuration,
    jwks: { keys },
    cookies: { keys: ["a key of the tests"] },
    claims: { openid: ["sub", "sid"], profile: ["name"], email: ["email", "email_verified"], groups: ["groups"] },
    pkce: { required: () => true },
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }), // its own asks no loopback address
    interactions: { policy: interactionPolicy.base(), url: (_, one) => `/interaction/${one.uid}` },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: "loccit:ask loccit:read loccit:write loccit:admin",
          audience: resource,
          accessTokenFormat: "jwt",
          accessTokenTTL: 300,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    extraTokenClaims: () => ({ groups: state.claims.groups ?? [] }),
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...state.claims }) }),
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({
        clientId: oidc.client.clientId,
        accountId: oidc.session.accountId,
      });
      grant.addOIDCScope("openid profile email groups");
      await grant.save();
      return grant;
    },
  });
  provider.on("backchannel.error", (_, error) => console.error(error));
  provider.on("server_error", (_, error) => console.error(error));
  return provider;
}

let keys = [newKey()];
let provider = newProvider(keys);

async function answer(request, response) {
  if (request.url === "/control") {
    const { rotate, ...changes } = JSON.parse((await text(request)) || "{}");
    Object.assign(state, changes);
    if (rotate) {
      keys = [newKey()];
      provider = newProvider(keys);
    }
    response.end(JSON.stringify(state));
  } else if (request.url.startsWith("/interaction/")) {
    state.asked += 1;
    await provider.interactionFinished(request, response, { login: { accountId: state.account } });
  } else {
    provider.callback()(request, response);
  }
}

createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
}).listen(new URL(issuer).port, "127.0.0.1", () => console.log("ready"));
