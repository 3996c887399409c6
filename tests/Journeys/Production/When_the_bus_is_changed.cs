namespace ExecutionManager.Journeys.Tests;

/// <summary>The bus is chosen by its connection string alone: what one worker armed, the next one keeps.</summary>
[Category("Process")]
[NonParallelizable]
public sealed class When_the_bus_is_changed
{
    [TestCase(true)]
    [TestCase(false)]
    [CancelAfter(300_000)]
    public async Task Should_keep_the_deadlines_that_were_armed(bool toBroker)
    {
        await using var servers = await Servers.TakeMigrated();
        string[] inMemory = [$"--ConnectionStrings:Store={servers.Store}", "--Deadlines:Push=00:00:20", "--Deadlines:CatchUp=00:00:01"];
        string[] atBroker = [.. inMemory, $"--ConnectionStrings:Bus={servers.Bus}"];
        string id;
        await using (var former = new WorkerProcess(Directory.CreateTempSubdirectory("em-former-").FullName, toBroker ? inMemory : atBroker))
        {
            await former.Start();
            id = await When_the_worker_is_killed.Submit(former, "agv-absent", "T-1");
            await former.Until("its deadline is armed", async () => await Status(former) == "awaitingConnection");
            Assert.That(await former.Terminate(), Is.Zero, former.Output);
        }

        await using var next = new WorkerProcess(Directory.CreateTempSubdirectory("em-next-").FullName, toBroker ? atBroker : inMemory);
        await next.Start();
        await next.Until("its deadline is reached", async () => await Status(next) is not (null or "preparing" or "awaitingConnection"));

        async Task<string?> Status(WorkerProcess worker) => (await worker.Get($"/contracts/{id}"))?["status"]?.GetValue<string>();
    }
}
