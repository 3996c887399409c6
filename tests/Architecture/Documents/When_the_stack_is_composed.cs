using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ExecutionManager.Architecture.Tests;

/// <summary>docker-compose.yml, Dockerfile and what they read. No engine is asked: the files are.</summary>
public sealed partial class When_the_stack_is_composed
{
    private static readonly JsonObject Compose = YamlJson.Read(Of("docker-compose.yml"));

    private static readonly JsonObject Services = Compose["services"]!.AsObject();

    private static readonly string Dockerfile = File.ReadAllText(Of("Dockerfile"));

    [Test]
    [CancelAfter(60_000)]
    public async Task Should_be_accepted_by_docker_compose(CancellationToken cancellation)
    {
        using var command = new Process
        {
            StartInfo = new("docker-compose", ["--env-file", ".env.example", "config", "--quiet"]) { WorkingDirectory = Repository.Root, RedirectStandardError = true },
        };
        try
        {
            command.Start();
        }
        catch (Win32Exception)
        {
            Assert.Ignore("docker-compose is not installed");
        }

        var error = await command.StandardError.ReadToEndAsync(cancellation);
        await command.WaitForExitAsync(cancellation);
        Assert.That(command.ExitCode, Is.Zero, error);
    }

    [Test]
    public void Should_publish_on_loopback_only()
    {
        var ports = Services.SelectMany(service => service.Value!["ports"]?.AsArray() ?? []).Select(port => (string)port!).ToList();

        Assert.That(ports, Has.Count.EqualTo(5));
        Assert.That(ports, Is.All.StartsWith("127.0.0.1:"));
    }

    [Test]
    public void Should_take_every_password_from_the_environment_and_start_with_none_missing()
    {
        var used = Variable().Matches(File.ReadAllText(Of("docker-compose.yml"))).Select(match => match.Groups[1].Value).Distinct();
        var given = File.ReadAllLines(Of(".env.example")).Where(line => line.Contains('=')).Select(line => line.Split('=')[0]);

        Assert.That(used, Is.EquivalentTo(given));
        Assert.That(given, Is.All.EndsWith("_PASSWORD"));
    }

    [Test]
    public void Should_start_the_worker_when_the_servers_are_healthy_and_the_database_is_migrated()
    {
        var conditions = Services["worker"]!["depends_on"]!.AsObject().ToDictionary(on => on.Key, on => (string?)on.Value!["condition"]);

        Assert.That(conditions, Is.EquivalentTo(new Dictionary<string, string>
        {
            ["postgres"] = "service_healthy",
            ["rabbitmq"] = "service_healthy",
            ["mosquitto"] = "service_healthy",
            ["migrate"] = "service_completed_successfully",
        }));
        Assert.That(Services.Where(service => service.Value!["image"] is not null && service.Value["healthcheck"] is null), Is.Empty);
    }

    [Test]
    public void Should_give_only_settings_that_the_worker_reads()
    {
        var settings = Compose["x-worker"]!["environment"]!.AsObject().Select(setting => setting.Key).Where(key => key.Contains("__", StringComparison.Ordinal))
            .Concat(Regex.Matches(Dockerfile, @"\w+__\w+").Select(match => match.Value)).Select(key => key.Replace("__", ":", StringComparison.Ordinal)).ToList();
        var page = File.ReadAllText(Of("docs/operating.md"));

        Assert.That(settings, Has.Count.EqualTo(5));
        Assert.That(settings.Where(key => !page.Contains($"`{key}`", StringComparison.Ordinal)), Is.Empty, "the page of settings is held against the sources");
    }

    [Test]
    public void Should_run_the_runtime_of_our_framework_alone_and_not_as_root()
    {
        var framework = Regex.Match(File.ReadAllText(Of("Directory.Build.props")), "<TargetFramework>net(.+)</TargetFramework>").Groups[1].Value;
        var images = Regex.Matches(Dockerfile, @"^FROM (\S+)", RegexOptions.Multiline).Select(match => match.Groups[1].Value);

        Assert.That(images, Is.EqualTo(new[] { $"mcr.microsoft.com/dotnet/sdk:{framework}", $"mcr.microsoft.com/dotnet/aspnet:{framework}" }));
        Assert.That(Dockerfile, Does.Match(@"(?m)^USER \$APP_UID$").And.Contain("HEALTHCHECK").And.Contain("/health/live"));
    }

    private static string Of(string file) => Path.Combine(Repository.Root, file);

    [GeneratedRegex(@"(?<!\$)\$\{(\w+):\?")]
    private static partial Regex Variable();
}
