FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages are the Node that npm scripts run on; here it comes with the image.
RUN npm ci --omit=dev --omit=optional --no-audit --no-update-notifier

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIR=/data
WORKDIR /app
RUN install --directory --owner=node --group=node --mode=0700 /data
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY src ./src
USER node
VOLUME /data
EXPOSE 4000
# Whether the process lives. Whether it may be sent work is asked at /readyz, and is no reason to restart it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:' + process.env.PORT + '/livez', { signal: AbortSignal.timeout(4000) }).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--disable-warning=ExperimentalWarning", "--max-old-space-size=1024", "--max-semi-space-size=16", "--v8-pool-size=1", "--import", "./src/compile-cache.js", "src/main.ts"]
