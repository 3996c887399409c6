using CsCheck;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

public class When_a_device_lives_by_a_seed
{
    [Test]
    public void Should_live_the_same_life_again() => Gen.Int[0, 100_000].Sample(
        seed => Life(seed).Sent.Select(m => m.ToString()).SequenceEqual(Life(seed).Sent.Select(m => m.ToString())), iter: 15);

    [Test]
    public void Should_keep_the_rules_of_the_protocol_whatever_happens() => Gen.Int[0, 100_000].Sample(seed =>
    {
        var device = Life(seed).Device;
        foreach (var contract in device.Contracts.Concat(device.Closed))
        {
            var started = contract.Journal.Where(e => e.Type == "actionStarted").Select(e => e.ActionId);
            Assert.That(started, Is.Unique, "no actionId is executed twice");
            Assert.That(contract.Journal.Select(e => e.Seq), Is.EqualTo(Enumerable.Range(1, contract.Journal.Count).Select(i => (long)i)));
        }
        foreach (var move in device.Movements)
            Assert.That(move.To ?? move.From, Is.LessThanOrEqualTo(move.LeaseEndsAt!.Value + move.StopTime));
        foreach (var (a, b) in device.Movements.Zip(device.Movements.Skip(1)))
            Assert.That(a.To, Is.LessThanOrEqualTo(b.From), "one contract at a time");
    }, iter: 60);

    /// <summary>A device under a random hand: pushes, desires, acks, cuts, reboots and time, in any order.</summary>
    private static Bench Life(int seed)
    {
        var chance = new Random(seed);
        var bench = new Bench(new DeviceProfile
        {
            DeviceId = "agv-17",
            Seed = seed,
            UptimeDrift = chance.NextDouble() * 0.02 - 0.01,
            Script = DeviceScript.Seeded(seed, 0.3),
        });
        var revision = 1;
        for (var i = 0; i < 150; i++)
        {
            var id = chance.Next(2) == 0 ? Bench.C1 : Bench.C2;
            switch (chance.Next(12))
            {
                case 0 when bench.Device.IsConnected:
                    bench.Cut();
                    break;
                case 1 or 2 when !bench.Device.IsConnected:
                    bench.Connect();
                    break;
                case 3:
                    bench.Reboot();
                    break;
                case 4 when chance.Next(2) == 0:
                    bench.Restart();
                    break;
                case 5:
                    var contract = Bench.Contract(id, [$"a{chance.Next(5)}", $"b{chance.Next(5)}", $"c{i}"]);
                    contract["revision"] = chance.Next(3) == 0 ? revision : ++revision;
                    contract["plannedAtSeq"] = chance.Next(3) == 0 ? 0 : 1000;
                    bench.Push(contract, i, validFor: 120, hash: "sha256:" + contract["revision"]);
                    break;
                case 6 or 7:
                    bench.Want(new[] { "run", "run", "run", "hold", "stop" }[chance.Next(5)], chance.Next(i + 2), id, validFor: 120);
                    break;
                case 8:
                    bench.Ack(chance.Next(20), chance.Next(4) == 0, id);
                    break;
                default:
                    bench.Run(chance.Next(1, 60));
                    break;
            }
        }
        return bench;
    }
}
