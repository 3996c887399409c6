# The worker as an image: built with the SDK, run with the runtime alone, not as root.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY examples examples
COPY src src
# CI=true restores exactly what the lock files say.
RUN dotnet publish src/Worker -c Release -o /app -p:CI=true -p:UseAppHost=false

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
RUN mkdir /data && chown "$APP_UID" /data
USER $APP_UID
# The base image would have 8080; the worker says its own address, and binds loopback unless it is told otherwise.
ENV ASPNETCORE_HTTP_PORTS= \
    DataDirectory=/data \
    Log__Format=json
EXPOSE 5080
# The image has no curl. Alive is all that is asked: a worker whose broker is away must not be restarted for it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5080 && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["dotnet", "ExecutionManager.Worker.dll"]
