namespace ExecutionManager.Journeys.Tests;

/// <summary>A wrong configuration names every fault with its key and exits with 78; a wrong call shows the usage.</summary>
[Category("Process")]
public sealed class When_the_worker_is_misconfigured
{
    [Test]
    public async Task Should_name_every_fault_at_once()
    {
        var (code, _, error) = await WorkerProcess.RunToEnd(
            "--Deadlines:Push=soon", "--Mqtt:EmbeddedPort=0", "--Recovery:Fallback=shrug", "--Log:Format=xml",
            "--urls=http://0.0.0.0:5080", "--ConnectionStrings:Bus=http://localhost", "--ConnectionStrings:Store=secret", "--ConnectionStrings:Mqtt=localhost", "--Projection:MinProbability=2");
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(78));
            foreach (var key in new[] { "Deadlines:Push", "Mqtt:EmbeddedPort", "Recovery:Fallback", "Log:Format", "urls", "ConnectionStrings:Bus", "ConnectionStrings:Store", "ConnectionStrings:Mqtt", "Projection:MinProbability" })
            {
                Assert.That(error, Does.Contain($"configuration: {key}"));
            }

            Assert.That(error, Does.Not.Contain("   at "), "no stack trace");
        });
    }

    [Test]
    public async Task Should_name_the_key_of_a_neighbour_as_well()
    {
        var (code, _, error) = await WorkerProcess.RunToEnd("--with", "policy", "--Neighbours:Policy:Rules=nowhere.yaml");
        Assert.That((code, error), Is.EqualTo((78, error)));
        Assert.That(error, Does.Contain("Neighbours:Policy:Rules"));
    }

    [Test]
    public async Task Should_show_the_usage_for_a_wrong_call()
    {
        var (code, _, error) = await WorkerProcess.RunToEnd("--with", "oracle");
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(64));
            Assert.That(error, Does.Contain("there is no neighbour 'oracle'").And.Contain("usage:"));
        });
    }

    [TestCase("urls")]
    [TestCase("Mqtt:EmbeddedPort")]
    public async Task Should_name_the_setting_of_a_taken_port(string setting)
    {
        var directory = Directory.CreateTempSubdirectory("em-port-").FullName;
        await using var first = new WorkerProcess(Path.Combine(directory, "first"));
        await first.Start();
        var (http, mqtt) = setting == "urls" ? (first.HttpPort, WorkerProcess.FreePort()) : (WorkerProcess.FreePort(), first.MqttPort);
        var (code, output, error) = await WorkerProcess.RunToEnd(
            $"--urls=http://127.0.0.1:{http}", $"--Mqtt:EmbeddedPort={mqtt}", $"--DataDirectory={Path.Combine(directory, "second")}");
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(69));
            Assert.That(error, Does.StartWith($"{setting}: ").And.Contain($"{(setting == "urls" ? http : mqtt)}").And.Not.Contain("\n"), "one line");
            Assert.That(output, Does.Not.Contain(" FTL ").And.Not.Contain(" ERR ").And.Not.Contain("   at "), "and nothing else");
        });
    }

    [Test]
    public async Task Should_warn_of_an_unknown_key_and_bind_anywhere_only_when_allowed()
    {
        var directory = Directory.CreateTempSubdirectory("em-open-").FullName;
        await using var worker = new WorkerProcess(directory, "--Deadlines:Psuh=00:01:00", "--Auth:AllowAnonymous=true");
        await worker.Start();
        Assert.That(worker.Output, Does.Contain("Unknown setting Deadlines:Psuh is ignored"));
        Assert.That(await worker.Terminate(), Is.Zero);
    }
}
