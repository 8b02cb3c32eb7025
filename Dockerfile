# One image per service: docker build --target api .   (or exporter, or loader)
#
# Only syntax that the Docker of Debian 12 reads. What npm needs to reach a registry of your own comes as the build
# secret "npmrc" (docker build --secret id=npmrc,src=$HOME/.npmrc), which leaves no trace in an image.

# What npm reads, alone: dependencies are installed again only when one of these files has changed.
FROM node:24-bookworm-slim AS manifests
WORKDIR /app
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete \
    && find . -mindepth 1 -type d -empty -delete

# The services compiled and the page built, in /built: without sources, their maps and their types.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY --from=manifests /app ./
# No package needs its install script; the one of onnxruntime-node would fetch libraries for GPUs.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --include=dev
COPY . .
RUN node_modules/.bin/tsc -b services/api services/exporter services/loader \
    && node_modules/.bin/vite build services/web --logLevel warn \
    && mkdir /built \
    && find packages services -type f \( -path '*/dist/*' -o -path '*/static/*' -o -path '*/generated/*' \) \
       ! -path '*/node_modules/*' ! -name '*.map' ! -name '*.d.ts' ! -name '*.tsbuildinfo' -exec cp --parents -t /built {} +

# For each service the dependencies of that service, and of onnxruntime's libraries those of this platform.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /dependencies
COPY --from=manifests /app /app
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=cache,target=/root/.npm \
    set -e; for service in api exporter loader; do \
      cp -a /app "$service"; \
      # Of a workspace's own development dependencies npm would take what is a dependency of another one.
      (cd "$service" && npm pkg delete devDependencies --workspaces \
        && npm ci --ignore-scripts --omit=dev --workspace="services/$service"); \
    done
RUN set -e; for service in api exporter loader; do \
      cd "/dependencies/$service"; \
      for workspace in packages/* services/* tests bench; do \
        [ "$workspace" = "services/$service" ] || [ -e "node_modules/@caissa/${workspace##*/}" ] || rm -rf "$workspace"; \
      done; \
      # TypeScript comes as an optional peer of a validator; onnxruntime comes for all platforms; sources and maps for people.
      rm -rf node_modules/@caissa/"$service" node_modules/typescript node_modules/@typescript \
        node_modules/swagger-ui-dist/swagger-ui-es-* node_modules/.package-lock.json package-lock.json .npmrc; \
      find . -path '*/node_modules/*' -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' -o -name '*.md' -o -name '*.test.js' \) \
        -delete; \
      find node_modules -path '*/onnxruntime-node/bin/napi-v*/*' -type f \
        \( ! -path "*/linux/$(node -p process.arch)/*" -o -name '*providers_cuda*' -o -name '*providers_tensorrt*' \) -delete; \
      find . -path '*/node_modules/*' -type d -empty -delete; \
    done

# For each service its own code and that of the packages it depends on.
FROM dependencies AS code
COPY --from=build /built /built
RUN set -e; for service in api exporter loader; do \
      cd "/dependencies/$service"; mkdir -p "/code/$service"; \
      for workspace in packages/* services/*; do (cd /built && cp -r --parents -t "/code/$service" "$workspace"); done; \
    done; \
    cd /built && cp -r --parents -t /code/api services/web

# Debian and Node.js without what only installs things: as one layer, because what a later layer deletes stays in the
# image. The shell and the list of Debian packages remain, for people and for vulnerability scanners.
FROM node:24-bookworm-slim AS trimmed
RUN rm -rf /opt/yarn* /usr/local/include /usr/local/lib/node_modules /usr/local/etc/npmrc \
      /usr/local/share/doc /usr/local/share/man /usr/share/man /usr/share/info /usr/share/locale \
      /usr/share/bash-completion /usr/lib/*/gconv /var/lib/apt/lists /var/cache/* /var/log/* \
    && find /usr/local/bin -type l -delete \
    && find /usr/share/doc -type f ! -name copyright -delete \
    && install -d -o node -g node /data

FROM scratch AS runtime
COPY --from=trimmed / /
# Volumes take their owner from /data; it is empty, so that several containers may fill a new volume at once.
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
WORKDIR /app
USER node
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=3 CMD ["node", "-e", \
  "require('node:http').get({ port: process.env.HEALTH_PORT || process.env.PORT, path: '/readyz' }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

FROM runtime AS api
ENV PORT=8001
EXPOSE 8001
COPY --from=dependencies /dependencies/api ./
COPY --from=code /code/api ./
CMD ["node", "services/api/dist/main.js"]

FROM runtime AS exporter
ENV HEALTH_PORT=8003
EXPOSE 8003
COPY --from=dependencies /dependencies/exporter ./
COPY --from=code /code/exporter ./
CMD ["node", "services/exporter/dist/main.js"]

FROM runtime AS loader
ENV LOADER_PORT=8002 HEALTH_PORT=8003
EXPOSE 8002 8003
COPY --from=dependencies /dependencies/loader ./
COPY --from=code /code/loader ./
CMD ["node", "services/loader/dist/main.js"]
