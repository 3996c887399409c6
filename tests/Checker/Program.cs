using System.Globalization;
using ExecutionManager.Checker;

// Plays Scheduler and devices on the bus, everything several times over, and holds the Execution Manager's answers against it.
const string Usage = "usage: checker --bus amqp://… --api http://…[,http://…] [--contracts 3] [--entries 40] [--copies 2] [--again true] [--patience 60]";
var given = args.Where(arg => arg.StartsWith("--", StringComparison.Ordinal) && arg.Contains('=')).Select(arg => arg[2..].Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
if (given.Count != args.Length || !given.TryGetValue("bus", out var bus) || !given.TryGetValue("api", out var api))
{
    await Console.Error.WriteLineAsync(Usage);
    return 64;
}

int Number(string name, int otherwise) => given.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

await using var wire = await Wire.Connect(new Uri(bus));
using var sight = new Sight(api.Split(',').Select(url => new Uri(url)));
var run = new Run(wire, sight, Number("entries", 40), Number("copies", 2), TimeSpan.FromSeconds(Number("patience", 60)));
var findings = await run.Check(Number("contracts", 3), again: !given.TryGetValue("again", out var again) || bool.Parse(again));
foreach (var finding in findings)
{
    Console.WriteLine(finding);
}

Console.WriteLine($"{run.Summary}: {string.Join(", ", Enum.GetValues<Fault>().Select(fault => $"{findings.Count(one => one.Fault == fault)} {fault.ToString().ToLowerInvariant()}"))}");
return findings.Count == 0 ? 0 : 1;
