namespace ExecutionManager.World.Tests;

/// <summary>Environment: WORLDS (default 200) worlds from seed WORLD_SEED (default 1) on.</summary>
public class When_worlds_live_by_their_seeds
{
    private static int Read(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : otherwise;

    [Test]
    public async Task Should_keep_every_law()
    {
        var (first, count) = (Read("WORLD_SEED", 1), Read("WORLDS", 200));
        var census = new Census();
        var broken = new List<string>();
        var (start, processor) = (TimeProvider.System.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await Parallel.ForEachAsync(Enumerable.Range(first, count), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (seed, _) =>
        {
            try
            {
                await World.Live(WorldPlan.Of(seed), census);
            }
            catch (AssertionException e)
            {
                lock (broken)
                    broken.Add(e.Message);
            }
        });
        var (taken, worked) = (TimeProvider.System.GetElapsedTime(start), Environment.CpuUsage.TotalTime - processor);
        TestContext.Out.WriteLine($"{count} worlds from seed {first}, {broken.Count} broke a law; {taken / count:s\\.ff} s and {worked / count:s\\.ff} s of a processor each");
        census.Print(TestContext.Out);
        if (broken.Count > 0)
        {
            broken.Sort(StringComparer.Ordinal);
            Assert.Fail($"{broken.Count} of {count} worlds broke a law:\n{string.Join('\n', broken.Select(story => story.Split('\n')[0]))}\n\nThe first:\n{broken[0]}");
        }
    }

    [Test]
    public async Task Should_live_the_same_life_again([Values(7, 11)] int seed)
    {
        var once = await World.Live(WorldPlan.Of(seed), new Census());
        Assert.That(await World.Live(WorldPlan.Of(seed), new Census()), Is.EqualTo(once));
    }
}
