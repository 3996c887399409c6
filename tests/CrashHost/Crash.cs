using System.Globalization;
using System.Runtime.InteropServices;

namespace ExecutionManager.CrashHost;

/// <summary>
/// Reads at every point what is to happen, from a file that a test writes while the host runs: a line
/// <c>point:MessageType:times</c>, or the name of a rule to break. Hosts that share the file count together, and one of them
/// dies. A death takes the file along, so that the next start lives.
/// </summary>
internal sealed class Crash(string file)
{
    public const string AfterInboxInsert = "afterInboxInsert", AfterSagaLoad = "afterSagaLoad", BeforeCommit = "beforeCommit",
        AfterCommitBeforeAck = "afterCommitBeforeAck", AfterClaimBeforeSend = "afterClaimBeforeSend", AfterSendBeforeDelete = "afterSendBeforeDelete",
        AfterPublishBeforePuback = "afterPublishBeforePuback",
        WithoutInbox = "withoutInbox", DeleteBeforeSend = "deleteBeforeSend";

    private static readonly AsyncLocal<string?> Consumed = new();

    /// <summary>What is being consumed in this flow of control.</summary>
    public static string? Consuming
    {
        get => Consumed.Value;
        set => Consumed.Value = value;
    }

    public bool IsBroken(string rule) => Orders().Contains(rule);

    /// <summary>Passing a point; the end of the process if this is the one.</summary>
    public void Pass(string point, string? message)
    {
        foreach (var order in Orders().Where(line => line.StartsWith($"{point}:", StringComparison.Ordinal)))
        {
            var (type, times) = (order.Split(':')[1], int.Parse(order.Split(':')[2], CultureInfo.InvariantCulture));
            if (type != message || !IsLast(times))
            {
                continue;
            }

            File.Delete(file);
            Console.WriteLine($"crash: {point} of {message}, the {times}. time");
            _ = Kill(Environment.ProcessId, SigKill);
        }
    }

    /// <summary>Whoever makes the file of a number is the so-manieth to pass, of all hosts.</summary>
    private bool IsLast(int times)
    {
        for (var number = 1; number <= times; number++)
        {
            try
            {
                using var mine = new FileStream($"{file}.{number}", FileMode.CreateNew);
                return number == times;
            }
            catch (IOException)
            {
                // Somebody has passed as that one.
            }
        }

        return false;
    }

    private const int SigKill = 9;

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);

    private string[] Orders()
    {
        try
        {
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
        catch (FileNotFoundException)
        {
            return [];
        }
    }
}
